/**
 * One look for all who ask for the same thing, and at most one in a while: many listeners cost what one does.
 */
import { sleep } from '@lyceum/service-kit';

export interface SharedLooks<K, V> {
  /**
   * What is seen by a look that begins after this call, as soon as the last one is long enough ago. Two calls for one key
   * share a look that has not begun yet. Throws what the look throws.
   */
  look(key: K): Promise<V>;
}

interface Lookout<V> {
  begunAtMs: number;
  next: Promise<V> | undefined;
}

/** `nameOf` tells keys apart. What is not asked for any more is forgotten. */
export function createSharedLooks<K, V>(o: {
  readonly nameOf: (key: K) => string;
  readonly look: (key: K) => Promise<V>;
  /** The least time between the beginnings of two looks for one key. */
  readonly everyMs: number;
}): SharedLooks<K, V> {
  const lookouts = new Map<string, Lookout<V>>();

  const begin = async (key: K, lookout: Lookout<V>, waitMs: number): Promise<V> => {
    await sleep(waitMs);
    lookout.next = undefined;
    lookout.begunAtMs = performance.now();
    setTimeout(() => forget(o.nameOf(key), lookout), o.everyMs + 1).unref();
    return o.look(key);
  };
  const forget = (name: string, lookout: Lookout<V>) => {
    const isIdle = lookout.next === undefined && performance.now() - lookout.begunAtMs >= o.everyMs;
    if (isIdle && lookouts.get(name) === lookout) lookouts.delete(name);
  };

  return {
    look(key) {
      const name = o.nameOf(key);
      const lookout = lookouts.get(name) ?? { begunAtMs: Number.NEGATIVE_INFINITY, next: undefined };
      lookouts.set(name, lookout);
      const waitMs = Math.max(0, lookout.begunAtMs + o.everyMs - performance.now());
      lookout.next ??= begin(key, lookout, waitMs);
      return lookout.next;
    },
  };
}
