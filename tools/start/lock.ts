/**
 * One launcher per data folder: two would stop each other's servers.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { commandLine, isAlive, until } from '@lyceum/local-stack';

export interface Lock {
  /** From here on a second launcher waits for our end instead of giving up. */
  leaving(): void;
  release(): void;
}

interface Holder {
  readonly pid: number;
  readonly leaving: boolean;
}

const LEAVING_TIMEOUT_MS = 40_000;

/**
 * Takes the lock file. A holder that is gone is replaced; one that is about to leave is waited for. Throws in plain words
 * when a launcher runs. `program` tells a launcher from a stranger who got its process number.
 */
export async function takeLock(file: string, program: string): Promise<Lock> {
  const mine = (leaving: boolean) => JSON.stringify({ pid: process.pid, leaving } satisfies Holder);
  for (;;) {
    try {
      writeFileSync(file, mine(false), { flag: 'wx', mode: 0o600 });
      return {
        leaving: () => writeFileSync(file, mine(true)),
        release: () => rmSync(file, { force: true }),
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readHolder(file);
    const isGone = () => !holder || !isAlive(holder.pid) || !commandLine(holder.pid).includes(program);
    if (!isGone()) {
      const leaves = holder?.leaving === true && (await until(isGone, LEAVING_TIMEOUT_MS, 100));
      if (!leaves) {
        throw new Error(
          `Lyceum is already running from this folder (process ${holder?.pid}). Stop it with Ctrl-C first.`,
        );
      }
    }
    rmSync(file, { force: true });
  }
}

function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return null;
  }
}
