/**
 * One PostgreSQL server: its data directory, its settings, its life.
 *
 * A data directory counts as initialised only when its marker exists, and the marker is written last; anything else is
 * what an interrupted first start left behind and is made anew. Settings are written afresh at every start, because
 * ports may have changed.
 */
import { execFile } from 'node:child_process';
import { chown, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { serverEnvironment } from './config.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { type NodeSettings, renderSettings } from './postgres-settings.ts';
import { postgresOwner, wrapCommand } from './privileges.ts';
import { commandLine, isAlive, type ServerProcess, spawnServer, stopPid, tail, until } from './processes.ts';

const run = promisify(execFile);

export const SUPERUSER = 'lyceum';
const MARKER = 'lyceum.initialised';
const START_TIMEOUT_MS = 60_000;

/** The port was taken between choosing it and binding it: choose another one and start again. */
export class PortTakenError extends Error {}

export interface NodeOptions {
  /** Holds `data/` and `postgres.log`. Nothing is touched before a method is called. */
  readonly directory: string;
  readonly password: string;
  /** Asked at every start. */
  readonly settings: () => NodeSettings;
}

export class PostgresNode {
  readonly directory: string;
  readonly logFile: string;
  readonly #options: NodeOptions;
  #process: ServerProcess | null = null;

  constructor(options: NodeOptions) {
    this.directory = options.directory;
    this.logFile = join(options.directory, 'postgres.log');
    this.#options = options;
  }

  get port(): number {
    return this.#options.settings().port;
  }

  url(database: string): string {
    return `postgresql://${SUPERUSER}:${this.#options.password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Runs statements over a connection of their own, which is closed afterwards. */
  async query<Row extends pg.QueryResultRow>(
    sql: string,
    values: unknown[] = [],
    database = 'postgres',
  ): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url(database), connectionTimeoutMillis: 10_000 });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  get data(): string {
    return join(this.directory, 'data');
  }

  get pid(): number | null {
    return this.#process && !this.#process.exited ? this.#process.pid : null;
  }

  /** Resolves when the running server ends, at once when none runs. */
  get exit(): Promise<void> {
    return this.#process?.exit ?? Promise.resolve();
  }

  async isInitialised(): Promise<boolean> {
    return readFile(join(this.directory, MARKER)).then(
      () => true,
      () => false,
    );
  }

  /** Runs `initdb` into an empty data directory. The caller has made sure that no server uses it. */
  async initialise(passwordFile: string): Promise<void> {
    await this.#emptyData();
    const wrapped = wrapCommand(
      postgresBinaries().initdb,
      [
        ...['--pgdata', this.data, '--username', SUPERUSER, '--pwfile', passwordFile],
        ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C'],
        ...['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8', '--no-sync', '--no-instructions'],
      ],
      { owner: postgresOwner() },
    );
    const options = { cwd: this.directory, env: serverEnvironment(), ...wrapped.identity };
    await run(wrapped.command, wrapped.args, options).catch((error: Error & { stderr?: string }) => {
      throw new Error(`PostgreSQL could not make ${this.data}: ${error.stderr?.trim() || error.message}`);
    });
    await this.markInitialised();
  }

  /** Becomes a copy of a cleanly stopped server. What makes it a standby is added by `start`. */
  async copyFrom(source: PostgresNode): Promise<void> {
    await rm(join(this.directory, MARKER), { force: true });
    await mkdir(this.directory, { recursive: true });
    await rm(this.data, { recursive: true, force: true });
    await run('cp', ['-a', source.data, this.data]);
    await this.markInitialised();
  }

  async markInitialised(): Promise<void> {
    await writeFile(join(this.directory, MARKER), '');
  }

  /** Starts the server and returns once it answers. Throws PortTakenError when the port was lost to another process. */
  async start(): Promise<void> {
    const settings = this.#options.settings();
    await this.stopLeftover();
    await this.#write('postgresql.conf', renderSettings(settings));
    if (settings.follow) await this.#write('standby.signal', '');
    const { postgres } = postgresBinaries();
    for (let attempt = 1; ; attempt++) {
      const logStart = await stat(this.logFile).then(
        (file) => file.size,
        () => 0,
      );
      const server = await spawnServer(postgres, ['-D', this.data], {
        logFile: this.logFile,
        cwd: this.directory,
        owner: postgresOwner(),
        deathSignal: 'INT',
      });
      this.#process = server;
      if (await until(async () => server.exited || (await this.#isReady(server.pid)), START_TIMEOUT_MS)) {
        if (!server.exited) return;
      } else {
        await this.kill('SIGQUIT');
      }
      const log = tail(this.logFile, logStart);
      if (log.includes('Address already in use')) throw new PortTakenError(log);
      // Backends of a server that was killed hold its shared memory for another moment.
      const lingering = log.includes('is still in use') || log.includes('lock file');
      if (!lingering || attempt >= 50) throw new Error(`PostgreSQL did not start in ${this.data}:\n${log}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** 'fast' rolls open transactions back and writes a clean end; 'immediate' is for data that is thrown away. */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const server = this.#process;
    if (!server || server.exited) return;
    await stopPid(() => server.exited, server.signal, stopSteps(mode));
  }

  /** Sends a signal and waits for the end: the way a test makes a crash. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const server = this.#process;
    if (!server || server.exited) return;
    server.signal(signal);
    await server.exit;
  }

  stopLeftover(): Promise<void> {
    return stopLeftoverServer(this.directory);
  }

  async #isReady(pid: number): Promise<boolean> {
    const lines = (await readFile(join(this.data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  }

  async #emptyData(): Promise<void> {
    await rm(join(this.directory, MARKER), { force: true });
    await rm(this.data, { recursive: true, force: true });
    await mkdir(this.data, { recursive: true, mode: 0o700 });
    const owner = postgresOwner();
    if (owner) await chown(this.data, owner.uid, owner.gid);
  }

  async #write(name: string, text: string): Promise<void> {
    const file = join(this.data, name);
    await writeFile(file, text, { mode: 0o600 });
    const owner = postgresOwner();
    if (owner) await chown(file, owner.uid, owner.gid);
  }
}

function stopSteps(mode: 'fast' | 'immediate'): { signal: NodeJS.Signals; waitMs: number }[] {
  const hard = [
    { signal: 'SIGQUIT', waitMs: 5_000 },
    { signal: 'SIGKILL', waitMs: 5_000 },
  ] as const;
  return mode === 'immediate' ? [...hard] : [{ signal: 'SIGINT', waitMs: 20_000 }, ...hard];
}

/** Stops a server of an earlier run that still works on `<directory>/data`. */
export async function stopLeftoverServer(directory: string): Promise<void> {
  const data = join(directory, 'data');
  const file = join(data, 'postmaster.pid');
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const isGone = () => !isAlive(pid) || !commandLine(pid).includes(data);
  const send = (signal: NodeJS.Signals) => {
    if (!isGone()) process.kill(pid, signal);
  };
  if (!(await stopPid(isGone, send, stopSteps('fast')))) {
    throw new Error(`An earlier PostgreSQL server (process ${pid}) of ${data} does not stop.`);
  }
  // After a reboot the number may belong to a stranger, whom PostgreSQL would mistake for a live server.
  await rm(file, { force: true });
}
