/**
 * The local Redis, started in a directory of its own with an append-only file.
 */
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findOrInstall } from './install.ts';
import { freePort, releasePort } from './ports.ts';
import { commandLine, isAlive, type ServerProcess, spawnServer, stopPid, tail, until, worksIn } from './processes.ts';

export interface RedisOptions {
  readonly directory: string;
  /** Preferred port; another is chosen when it is taken. */
  readonly port?: number;
  /** 'fast' keeps nothing on disk: for tests. Default 'safe'. */
  readonly durability?: 'safe' | 'fast';
  readonly onProgress?: (message: string) => void;
}

const REDIS = {
  names: ['redis-server', 'valkey-server'],
  aptPackage: 'redis-server',
  instruction:
    'Redis is missing: run `sudo apt-get install redis-server` (or install valkey), or set REDIS_URL to a server you have.',
};
const START_TIMEOUT_MS = 30_000;
const STOP_STEPS = [
  { signal: 'SIGTERM', waitMs: 10_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
] as const;

/** Ready when the server answers PING. A server left over from an earlier run in this directory is stopped first. */
export async function startRedis(o: RedisOptions): Promise<LocalRedis> {
  await mkdir(o.directory, { recursive: true });
  const program = await findOrInstall(REDIS, o.onProgress);
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(attempt === 1 ? o.port : 0);
    const redis = new LocalRedis(program, port, o);
    try {
      await redis.start();
      return redis;
    } catch (error) {
      releasePort(port);
      const portTaken = /already in use/i.test((error as Error).message);
      if (!portTaken || attempt >= 5) throw error;
    }
  }
}

export class LocalRedis {
  readonly port: number;
  readonly logFile: string;
  readonly #program: string;
  readonly #options: RedisOptions;
  #process: ServerProcess | null = null;

  constructor(program: string, port: number, options: RedisOptions) {
    this.#program = program;
    this.port = port;
    this.logFile = join(options.directory, 'redis.log');
    this.#options = options;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Process id, or null while the server is stopped. */
  get pid(): number | null {
    return this.#process && !this.#process.exited ? this.#process.pid : null;
  }

  /** Resolves when the running server ends, at once when none runs. */
  get exit(): Promise<void> {
    return this.#process?.exit ?? Promise.resolve();
  }

  /** Also after `stop` or `kill`, on the same port and with what the append-only file holds. */
  async start(): Promise<void> {
    const { directory, durability } = this.#options;
    const pidFile = join(directory, 'redis.pid');
    await stopLeftoverRedis(directory);
    const logStart = await stat(this.logFile).then(
      (file) => file.size,
      () => 0,
    );
    const server = await spawnServer(
      this.#program,
      [
        ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', directory, '--pidfile', pidFile],
        ...['--appendonly', durability === 'fast' ? 'no' : 'yes', '--appendfsync', 'everysec'],
        ...['--save', '', '--maxmemory-policy', 'noeviction'],
      ],
      { logFile: this.logFile, cwd: directory, owner: null, deathSignal: 'TERM' },
    );
    this.#process = server;
    const answered = await until(async () => server.exited || (await answersPing(this.port)), START_TIMEOUT_MS);
    if (answered && !server.exited) return;
    await this.stop();
    throw new Error(`Redis did not start:\n${tail(this.logFile, logStart)}`);
  }

  async stop(): Promise<void> {
    const server = this.#process;
    if (server) await stopPid(() => server.exited, server.signal, STOP_STEPS);
  }

  /** Ends the server with a signal and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const server = this.#process;
    if (!server || server.exited) return;
    server.signal(signal);
    await server.exit;
  }
}

/** Stops a server that an earlier run left in this directory. */
export async function stopLeftoverRedis(directory: string): Promise<void> {
  const pidFile = join(directory, 'redis.pid');
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 0) return;
  // A stranger may have the number by now, even another Redis: ours is the one that works in our directory.
  const isGone = () =>
    !isAlive(pid) || !/redis-server|valkey-server/.test(commandLine(pid)) || !worksIn(pid, directory);
  const send = (signal: NodeJS.Signals) => {
    if (!isGone()) process.kill(pid, signal);
  };
  if (!(await stopPid(isGone, send, STOP_STEPS))) throw new Error(`An earlier Redis (process ${pid}) does not stop.`);
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
