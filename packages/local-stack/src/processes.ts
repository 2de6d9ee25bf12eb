/**
 * Starting, recognising and stopping server processes.
 *
 * Servers get a process group of their own: a Ctrl-C in the terminal reaches only us, and we decide the order of stopping.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { serverEnvironment } from './config.ts';
import { type Owner, wrapCommand } from './privileges.ts';

export interface ServerProcess {
  readonly pid: number;
  readonly exited: boolean;
  /** Resolves when the process has ended, however that came about. */
  readonly exit: Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

/** Spawns a server whose output goes to `logFile`. Resolves once the process exists, not when it is ready. */
export async function spawnServer(
  command: string,
  args: readonly string[],
  o: { logFile: string; cwd: string; owner: Owner | null; deathSignal: 'INT' | 'TERM' },
): Promise<ServerProcess> {
  const wrapped = wrapCommand(command, args, o);
  const log = openSync(o.logFile, 'a', 0o600);
  const child = spawn(wrapped.command, wrapped.args, {
    cwd: o.cwd,
    detached: true,
    stdio: ['ignore', log, log],
    env: serverEnvironment(),
    ...wrapped.identity,
  });
  closeSync(log);
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return {
    pid: child.pid ?? 0,
    get exited() {
      return hasExited(child);
    },
    exit,
    signal: (signal) => {
      if (!hasExited(child)) child.kill(signal);
    },
  };
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The command line of a process, or '' when it is gone. A zombie has none. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    if (process.platform === 'linux') return '';
  }
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/** Whether the process works in this folder; where the system does not tell, the answer is yes. */
export function worksIn(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder);
  } catch {
    return true;
  }
}

/** Sends each signal in turn, giving the process its time after each. False if it outlived them all. */
export async function stopPid(
  isGone: () => boolean,
  send: (signal: NodeJS.Signals) => void,
  steps: readonly { signal: NodeJS.Signals; waitMs: number }[],
): Promise<boolean> {
  for (const step of steps) {
    if (isGone()) return true;
    send(step.signal);
    if (await until(isGone, step.waitMs)) return true;
  }
  return isGone();
}

/** Polls until the condition holds; false when the time is over. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  everyMs = 10,
): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() >= end) return false;
    await delay(everyMs);
  }
}

/** The last lines of a log from `start` (bytes) on, for an error message. */
export function tail(file: string, start = 0, lines = 15): string {
  try {
    return readFileSync(file).subarray(start).toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log was written)';
  }
}
