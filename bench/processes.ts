/**
 * Starts processes on the cores that they are to have, and reads what they use.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { processEnvironment } from './config.ts';

/** Which cores do what; null where the machine cannot pin, and the system places everything. */
export interface Cores {
  readonly gateway: number | null;
  readonly rest: number | null;
}

function chooseCores(gateway: number, rest: number): Cores {
  const able = availableParallelism() >= 2 && spawnSync('taskset', ['--version']).status === 0;
  return able ? { gateway, rest } : { gateway: null, rest: null };
}

/** Says what runs where. */
export async function withCores<T>(
  { gatewayCore, restCore }: { gatewayCore: number; restCore: number },
  use: (cores: Cores) => Promise<T>,
): Promise<T> {
  const cores = chooseCores(gatewayCore, restCore);
  console.log(
    cores.gateway === null
      ? 'This machine cannot pin processes to cores (it needs two cores and taskset): figures are not comparable.'
      : `Gateway alone on core ${cores.gateway}, load generator and subgraphs on core ${cores.rest}.`,
  );
  stopOnSignals();
  return await use(cores);
}

/** The system places every process: where one event passes through many, each would wait for the others of its core. */
export const UNPINNED: Cores = { gateway: null, rest: null };

/** Leaves no process behind, whatever happens. */
export function stopOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void stopAll().finally(() => process.exit(130)));
  }
}

export interface StartOptions {
  /** The TypeScript file of the process. */
  readonly file: string;
  readonly args?: readonly string[];
  /** For Node, before the file. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly core: number | null;
  readonly cwd: string;
  /** Takes what it prints. */
  readonly logFile: string;
}

/** With a channel, which is its life-line as well: it ends when we do. */
export function startProcess({ file, args = [], nodeArgs = [], env, core, cwd, logFile }: StartOptions): ChildProcess {
  const pin = core === null ? [] : ['taskset', '-c', String(core)];
  const [command, ...rest] = [
    ...pin,
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    ...nodeArgs,
    file,
    ...args,
  ] as [string, ...string[]];
  const log = openSync(logFile, 'a');
  const child = spawn(command, rest, {
    cwd,
    env: { ...processEnvironment, ...env },
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  started.add(child);
  child.once('exit', () => started.delete(child));
  child.on('error', () => started.delete(child));
  return child;
}

const started = new Set<ChildProcess>();

export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Nothing that was started stays behind. */
export async function stopAll(): Promise<void> {
  await Promise.all([...started].map(stopProcess));
}

/** Seconds of processor time of all its threads, since it began; 0 where the system does not tell. */
export function processorSeconds(child: { readonly pid?: number | null }): number {
  try {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    // The 14th and 15th fields of the whole line, in ticks of a hundredth of a second.
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

/** Resident memory in megabytes; 0 where the system does not tell. */
export function residentMb(child: ChildProcess): number {
  try {
    return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024);
  } catch {
    return 0;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
