/**
 * Counts the operations that have begun and not ended, so that a drain can wait for them.
 */
import type { MaybePromise, Next, Operation, Outcome } from './pipeline.ts';

export function countOperations() {
  let underWay = 0;
  let waiting: (() => void)[] = [];

  function end(): void {
    underWay -= 1;
    if (underWay > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  }

  return {
    /** The step of the pipeline. A stream has ended here when it is admitted. */
    count(operation: Operation, next: Next): MaybePromise<Outcome> {
      underWay += 1;
      let outcome: MaybePromise<Outcome> | undefined;
      try {
        outcome = next(operation);
      } finally {
        if (!(outcome instanceof Promise)) end();
      }
      return outcome instanceof Promise ? outcome.finally(end) : outcome;
    },
    /** Resolves when nothing is under way. */
    async idle(): Promise<void> {
      while (underWay > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
