/**
 * A PgBouncer in transaction mode before a local Postgres, for tests of what services do behind a pooler.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chown, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { findOrInstall } from './install.ts';
import { freePort, releasePort } from './ports.ts';
import { postgresOwner } from './privileges.ts';
import { type ServerProcess, spawnServer, stopPid, tail, until } from './processes.ts';

const run = promisify(execFile);

export interface PgBouncerOptions {
  readonly directory: string;
  /** A URL of the server behind it: whatever database is asked for, it is asked of that server, as that user. */
  readonly serverUrl: string;
  /** Connections to the server, per database. */
  readonly poolSize: number;
  /** Above 0 named statements are carried from one server connection to another: PgBouncer 1.21 and newer. */
  readonly preparedStatements?: number;
}

export interface PgBouncer extends AsyncDisposable {
  /** The same database, through the pooler. */
  through(url: string): string;
  stop(): Promise<void>;
}

const PGBOUNCER = {
  names: ['pgbouncer'],
  aptPackage: 'pgbouncer',
  instruction: 'PgBouncer is missing: run `sudo apt-get install pgbouncer`.',
};
const START_TIMEOUT_MS = 15_000;
const STOP_STEPS = [
  { signal: 'SIGINT', waitMs: 2_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
] as const;

/** The path and the version, such as 1.18. Throws in one line what to do where it is missing and cannot be installed. */
export async function findOrInstallPgBouncer(): Promise<{ program: string; version: number }> {
  const program = await findOrInstall(PGBOUNCER);
  const { stdout } = await run(program, ['--version'], { timeout: 10_000 });
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(stdout) ?? [];
  return { program, version: Number(major) + Number(minor) / 100 };
}

/** Ready when a client gets through it to the server. */
export async function startPgBouncer(o: PgBouncerOptions): Promise<PgBouncer> {
  const { program } = await findOrInstallPgBouncer();
  const port = await freePort();
  const owner = postgresOwner();
  await mkdir(o.directory, { recursive: true });
  const logFile = join(o.directory, 'pgbouncer.log');
  const files = await writeSettings(o, port);
  if (owner) await Promise.all([o.directory, ...files].map((file) => chown(file, owner.uid, owner.gid)));
  const logStart = await stat(logFile).then(
    (file) => file.size,
    () => 0,
  );
  const server = await spawnServer(program, [files[0]!], { logFile, cwd: o.directory, owner, deathSignal: 'INT' });
  const through = (url: string) => {
    const pooled = new URL(url);
    pooled.host = `127.0.0.1:${port}`;
    return pooled.href;
  };
  const stop = async () => {
    await stopServer(server);
    releasePort(port);
  };
  const answered = await until(
    async () => server.exited || (await answers(through(o.serverUrl))),
    START_TIMEOUT_MS,
    50,
  );
  if (!answered || server.exited) {
    await stop();
    throw new Error(`PgBouncer did not start:\n${tail(logFile, logStart)}`);
  }
  return { through, stop, [Symbol.asyncDispose]: stop };
}

async function writeSettings(o: PgBouncerOptions, port: number): Promise<[string, string]> {
  const { hostname, port: serverPort, username, password } = new URL(o.serverUrl);
  const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
  const settings = join(o.directory, 'pgbouncer.ini');
  const users = join(o.directory, 'users.txt');
  const lines = [
    '[databases]',
    `* = host=${hostname} port=${serverPort} user=${user} password=${secret}`,
    '[pgbouncer]',
    `listen_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =`,
    `auth_type = md5\nauth_file = ${users}`,
    `pool_mode = transaction\ndefault_pool_size = ${o.poolSize}\nmax_client_conn = 500`,
    ...(o.preparedStatements === undefined ? [] : [`max_prepared_statements = ${o.preparedStatements}`]),
  ];
  const hashed = `md5${createHash('md5').update(`${secret}${user}`).digest('hex')}`;
  await writeFile(settings, `${lines.join('\n')}\n`, { mode: 0o600 });
  await writeFile(users, `"${user}" "${hashed}"\n`, { mode: 0o600 });
  return [settings, users];
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000, query_timeout: 1_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function stopServer(server: ServerProcess): Promise<void> {
  await stopPid(() => server.exited, server.signal, STOP_STEPS);
}
