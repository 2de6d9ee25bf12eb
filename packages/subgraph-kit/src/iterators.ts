/**
 * Async iterators that can be stopped while they wait.
 *
 * An async generator that waits for its next value cannot be ended from outside: `return()` queues behind the wait.
 * Subscriptions end exactly then, so their waits listen to a signal.
 */

/** `make` must end soon after its signal aborts. `return()`, the outer signal, and the end by itself abort it. */
export function stoppable<T>(
  make: (signal: AbortSignal) => AsyncGenerator<T, void>,
  outer?: AbortSignal,
): AsyncIterableIterator<T> {
  const controller = new AbortController();
  const signal = outer === undefined ? controller.signal : AbortSignal.any([controller.signal, outer]);
  const values = make(signal);
  const iterator: AsyncIterableIterator<T> = {
    async next() {
      try {
        const step = await values.next();
        if (step.done === true) controller.abort();
        return step;
      } catch (error) {
        controller.abort();
        throw error;
      }
    },
    async return() {
      controller.abort();
      await values.return();
      return { done: true, value: undefined };
    },
    async throw(error) {
      controller.abort();
      return await values.throw(error);
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

/** The events that pass. Ends its source at once when it is ended itself, also while waiting. */
export function filterEvents<T>(
  source: AsyncIterable<T>,
  passes: (event: T) => boolean | Promise<boolean>,
): AsyncIterableIterator<T> {
  const events = source[Symbol.asyncIterator]();
  const iterator: AsyncIterableIterator<T> = {
    async next() {
      for (;;) {
        const step = await events.next();
        if (step.done === true || (await passes(step.value))) return step;
      }
    },
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
