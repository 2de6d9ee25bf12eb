/**
 * One service of ours as a process: spawned with an IPC channel as its life-line, watched until it is ready, stopped.
 *
 * The channel carries no messages. When this process ends, however it ends, the channel closes and the service leaves.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { serverEnvironment } from './config.ts';
import { stopPid, tail, until } from './processes.ts';
import { repositoryRoot, SERVICES, type ServiceName } from './services.ts';

export interface ServiceExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServiceProcess {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** `http://127.0.0.1:<port>`, without a path. */
  readonly url: string;
  readonly logFile: string;
  readonly exited: boolean;
  readonly exit: Promise<ServiceExit>;
  /** Throws with the end of the log when the service exits first or takes too long. */
  untilReady(timeoutMs?: number): Promise<void>;
  /** SIGTERM and the time to drain; SIGKILL when that was not enough. */
  stop(timeoutMs?: number): Promise<void>;
  /** Sends a signal and, if it ends the process, waits for that. Default SIGKILL: a crash. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export interface ServiceOptions {
  readonly port: number;
  /** All of the service's environment besides PATH; PORT is added. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

export function spawnService(name: ServiceName, o: ServiceOptions): ServiceProcess {
  return spawnEntry(name, join(repositoryRoot, SERVICES[name].entry), o);
}

/** Like `spawnService`, for any file that behaves like a service. */
export function spawnEntry(name: string, entry: string, o: ServiceOptions): ServiceProcess {
  mkdirSync(dirname(o.logFile), { recursive: true });
  const log = openSync(o.logFile, 'a', 0o600);
  const logStart = statSync(o.logFile).size;
  // A process group of its own: Ctrl-C in the terminal must not reach it before we have begun to stop things in order.
  const child = spawn(process.execPath, ['--enable-source-maps', entry], {
    cwd: repositoryRoot,
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...serverEnvironment(), ...o.env, PORT: String(o.port) },
  });
  closeSync(log);
  const exit = new Promise<ServiceExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 127, signal: null }));
  });
  const hasExited = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  const send = (signal: NodeJS.Signals) => {
    if (!hasExited()) child.kill(signal);
  };
  const url = `http://127.0.0.1:${o.port}`;
  return {
    name,
    pid: child.pid ?? 0,
    port: o.port,
    url,
    logFile: o.logFile,
    get exited() {
      return hasExited();
    },
    exit,
    untilReady: async (timeoutMs = READY_TIMEOUT_MS) => {
      const ready = await until(async () => hasExited() || (await answers(`${url}/health/ready`)), timeoutMs, 50);
      if (ready && !hasExited()) return;
      const reason = hasExited() ? 'ended before it was ready' : `was not ready within ${timeoutMs / 1000} s`;
      throw new Error(`${name} ${reason}. The end of ${o.logFile}:\n${tail(o.logFile, logStart)}`);
    },
    stop: async (timeoutMs = STOP_TIMEOUT_MS) => {
      await stopPid(hasExited, send, [
        { signal: 'SIGTERM', waitMs: timeoutMs },
        { signal: 'SIGKILL', waitMs: 5_000 },
      ]);
    },
    kill: async (signal = 'SIGKILL') => {
      send(signal);
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await exit;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
