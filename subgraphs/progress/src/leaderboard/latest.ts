/**
 * The newest of what a source gives: pulled as it comes, so that those whom nobody took are replaced and none wait.
 */
import { sleep } from '@lyceum/service-kit';

export interface Latest<T> {
  /** The newest since the last call, as soon as there is one; undefined if none came for `ms`. Throws as the source does. */
  take(ms: number): Promise<T | undefined>;
  /** Whether the source has ended and all was taken. */
  readonly hasEnded: boolean;
}

/** Begins to pull at once, and goes on until the source ends. */
export function keepLatest<T>(source: AsyncIterator<T>): Latest<T> {
  let newest: T | undefined;
  let end: { readonly failure?: unknown } | undefined;
  let waiter: AbortController | undefined;

  const pull = async (): Promise<void> => {
    try {
      for (let step = await source.next(); step.done !== true; step = await source.next()) {
        newest = step.value;
        waiter?.abort();
      }
      end = {};
    } catch (failure) {
      end = { failure };
    }
    waiter?.abort();
  };
  void pull();

  return {
    async take(ms) {
      if (newest === undefined && end === undefined) {
        waiter = new AbortController();
        await sleep(ms, waiter.signal);
        waiter = undefined;
      }
      const taken = newest;
      newest = undefined;
      if (taken === undefined && end !== undefined && 'failure' in end) throw end.failure;
      return taken;
    },
    get hasEnded() {
      return newest === undefined && end !== undefined;
    },
  };
}
