/**
 * Lets a bounded number of tasks run at a time, and a bounded number wait.
 */
import { LyceumError } from './errors.ts';

export interface Gate {
  /** First come, first served. Throws SERVICE_UNAVAILABLE at once when too many wait already. */
  run<T>(task: () => Promise<T>): Promise<T>;
}

export function createGate({ running, waiting }: { running: number; waiting: number }): Gate {
  const queue: (() => void)[] = [];
  let active = 0;

  async function enter(): Promise<void> {
    if (active < running) {
      active += 1;
      return;
    }
    if (queue.length >= waiting) throw new LyceumError('SERVICE_UNAVAILABLE');
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  /** The place goes straight to the next in line, so that a newcomer cannot slip in between. */
  function leave(): void {
    const next = queue.shift();
    if (next) next();
    else active -= 1;
  }

  return {
    async run(task) {
      await enter();
      try {
        return await task();
      } finally {
        leave();
      }
    },
  };
}
