/**
 * Planning takes turns: new operations are planned one after the other, and the event loop is let go when a slice of time
 * is used up, so that operations that are known are answered while many new ones come at once.
 *
 * One plan is never cut in two: the longest of them is the longest that others wait.
 */
import { LyceumError } from '@lyceum/service-kit';

export interface PlanningTurns {
  /** Throws SERVICE_UNAVAILABLE when too much waits already, and what the work throws. */
  run<T>(work: () => T | Promise<T>): Promise<T>;
}

const SLICE_MS = 10;
const MAX_WAITING = 1_000;

export function createPlanningTurns(): PlanningTurns {
  const waiting: (() => void)[] = [];
  let scheduled = false;

  function schedule(): void {
    if (scheduled || waiting.length === 0) return;
    scheduled = true;
    setImmediate(runSlice);
  }

  function runSlice(): void {
    scheduled = false;
    const end = performance.now() + SLICE_MS;
    for (let next = waiting.shift(); next; next = performance.now() < end ? waiting.shift() : undefined) next();
    schedule();
  }

  return {
    run: (work) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= MAX_WAITING) return reject(new LyceumError('SERVICE_UNAVAILABLE'));
        waiting.push(() => {
          try {
            resolve(work());
          } catch (error) {
            reject(error);
          }
        });
        schedule();
      }),
  };
}
