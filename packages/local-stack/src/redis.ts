/**
 * The local Redis: found, installed where that is allowed, started in a directory of its own with an append-only file.
 */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { pathVariable } from './config.ts';
import { freePort, releasePort } from './ports.ts';
import { commandLine, isAlive, spawnServer, stopPid, tail, until } from './processes.ts';

const run = promisify(execFile);

export interface RedisOptions {
  readonly directory: string;
  /** Preferred port. */
  readonly port?: number;
  /** 'fast' keeps nothing on disk: for tests. Default 'safe'. */
  readonly durability?: 'safe' | 'fast';
  readonly onProgress?: (message: string) => void;
}

export interface LocalRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
  /** Ends the server with a signal and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

const PROGRAMS = ['redis-server', 'valkey-server'];
const START_TIMEOUT_MS = 30_000;

/** Ready when the server answers PING. A server left over from an earlier run in this directory is stopped first. */
export async function startRedis(o: RedisOptions): Promise<LocalRedis> {
  await mkdir(o.directory, { recursive: true });
  const program = await findOrInstallRedis(o.onProgress);
  const pidFile = join(o.directory, 'redis.pid');
  await stopLeftover(pidFile);
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(attempt === 1 ? o.port : 0);
    const started = await tryStart(program, port, pidFile, o);
    if (started) return started;
    releasePort(port);
    if (attempt >= 5) throw new Error(`Redis found no free port:\n${tail(join(o.directory, 'redis.log'))}`);
  }
}

/** Null when the port was taken in the last moment. */
async function tryStart(program: string, port: number, pidFile: string, o: RedisOptions): Promise<LocalRedis | null> {
  const logFile = join(o.directory, 'redis.log');
  const append = o.durability === 'fast' ? 'no' : 'yes';
  const server = await spawnServer(
    program,
    [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', o.directory, '--pidfile', pidFile],
      ...['--appendonly', append, '--appendfsync', 'everysec', '--save', '', '--maxmemory-policy', 'noeviction'],
    ],
    { logFile, cwd: o.directory, owner: null, deathSignal: 'TERM' },
  );
  await until(async () => server.exited || (await answersPing(port)), START_TIMEOUT_MS);
  if (server.exited) {
    const log = tail(logFile);
    if (/already in use/i.test(log)) return null;
    throw new Error(`Redis did not start:\n${log}`);
  }
  const stopWith = async (steps: readonly { signal: NodeJS.Signals; waitMs: number }[]) => {
    await stopPid(() => server.exited, server.signal, steps);
    releasePort(port);
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: server.pid,
    stop: () =>
      stopWith([
        { signal: 'SIGTERM', waitMs: 10_000 },
        { signal: 'SIGKILL', waitMs: 5_000 },
      ]),
    kill: (signal = 'SIGKILL') => stopWith([{ signal, waitMs: 10_000 }]),
  };
}

async function stopLeftover(pidFile: string): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 0) return;
  // A running Redis shows its address, not its arguments: the directory it works in tells whose it is.
  const isGone = () => !isAlive(pid) || !/redis-server|valkey-server/.test(commandLine(pid));
  const send = (signal: NodeJS.Signals) => {
    if (!isGone()) process.kill(pid, signal);
  };
  const steps = [
    { signal: 'SIGTERM', waitMs: 10_000 },
    { signal: 'SIGKILL', waitMs: 5_000 },
  ] as const;
  if (!(await stopPid(isGone, send, steps))) throw new Error(`An earlier Redis (process ${pid}) does not stop.`);
  await rm(pidFile, { force: true });
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.once('error', () => settle(false));
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => settle(data.toString().startsWith('+PONG')));
  });
}

async function onPath(program: string): Promise<string | null> {
  for (const folder of pathVariable().split(delimiter).filter(Boolean)) {
    const file = join(folder, program);
    const usable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return file;
  }
  return null;
}

async function findRedis(): Promise<string | null> {
  for (const program of PROGRAMS) {
    const found = await onPath(program);
    if (found) return found;
  }
  return null;
}

/** The path of a Redis server. Installs Debian's package as root or with a sudo that asks nothing; else says what to do. */
export async function findOrInstallRedis(onProgress?: (message: string) => void): Promise<string> {
  const found = await findRedis();
  if (found) return found;
  const instruction =
    'Redis is missing: run `sudo apt-get install redis-server` (or install valkey), or set REDIS_URL to a server you have.';
  const apt = await onPath('apt-get');
  const prefix = await installPrefix();
  if (!apt || !prefix) throw new Error(instruction);
  onProgress?.('installing redis-server with apt-get');
  const aptGet = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq'];
  try {
    await runAll(aptGet, [['update'], ['install', '-y', '--no-install-recommends', 'redis-server']]);
  } catch (error) {
    throw new Error(
      `${instruction}\napt-get failed: ${(error as Error).message.trim().split('\n').slice(-3).join(' ')}`,
    );
  }
  const installed = await findRedis();
  if (!installed) throw new Error(instruction);
  return installed;
}

async function runAll(prefix: readonly string[], commands: readonly string[][]): Promise<void> {
  for (const command of commands) {
    const [program = '', ...args] = [...prefix, ...command];
    await run(program, args, { timeout: 300_000, maxBuffer: 64 * 1024 * 1024 });
  }
}

/** What to put before a command that needs root; null when there is no way to be root without asking. */
async function installPrefix(): Promise<readonly string[] | null> {
  if (process.getuid?.() === 0) return [];
  const sudo = await onPath('sudo');
  if (!sudo) return null;
  return run(sudo, ['-n', 'true']).then(
    () => [sudo, '-n'],
    () => null,
  );
}
