/**
 * Counts the operations that have begun and not ended, so that a drain can wait for them.
 */
import { isStream, type MaybePromise, type Next, type Operation, type Outcome, type Result } from './pipeline.ts';

export function countOperations() {
  let underWay = 0;
  let waiting: (() => void)[] = [];

  function end(): void {
    underWay -= 1;
    if (underWay > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  }

  /** An answer in parts ends with its last part, or when the client is gone. */
  function settle(operation: Operation, outcome: Outcome): Outcome {
    if (isStream(outcome) && operation.inParts) return whenOver(outcome, operation.request.signal, end);
    end();
    return outcome;
  }

  return {
    /** The step of the pipeline. A subscription has ended here when it is admitted. */
    count(operation: Operation, next: Next): MaybePromise<Outcome> {
      underWay += 1;
      let outcome: MaybePromise<Outcome>;
      try {
        outcome = next(operation);
      } catch (error) {
        end();
        throw error;
      }
      if (!(outcome instanceof Promise)) return settle(operation, outcome);
      return outcome.then(
        (known) => settle(operation, known),
        (error: unknown) => {
          end();
          throw error;
        },
      );
    },
    /** Resolves when nothing is under way. */
    async idle(): Promise<void> {
      while (underWay > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}

/** Not a generator: one that was never read would not be told that it is over. */
function whenOver(stream: AsyncGenerator<Result>, gone: AbortSignal, end: () => void): AsyncGenerator<Result> {
  let over = false;
  const once = () => {
    gone.removeEventListener('abort', once);
    if (!over) end();
    over = true;
  };
  if (gone.aborted) once();
  else gone.addEventListener('abort', once, { once: true });
  return {
    async next() {
      const step = await stream.next().catch((error: unknown) => {
        once();
        throw error;
      });
      if (step.done) once();
      return step;
    },
    return(value) {
      once();
      return stream.return(value);
    },
    throw(error) {
      once();
      return stream.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await this.return(undefined);
    },
  };
}
