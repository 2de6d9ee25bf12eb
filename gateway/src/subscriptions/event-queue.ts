/**
 * The events that wait for one subscriber: pushed by a socket that cannot be slowed down, pulled at the subscriber's pace.
 *
 * Bounded. A subscriber that falls too far behind loses its subscription and is told so, instead of costing memory
 * without end; it may subscribe again.
 */
import { LyceumError } from '@lyceum/service-kit';

/** The reader is too slow for the source. What waited has been read; the rest is to be asked for again. */
class Overflow extends LyceumError {
  constructor() {
    super('RATE_LIMITED', 'Events came faster than they were read. Subscribe again.');
  }
}

export interface EventQueue<T> extends AsyncIterable<T> {
  /** False once the queue has ended: the source may stop. */
  push(event: T): boolean;
  /** What waits is still delivered; then the iteration ends, with the error if there is one. */
  end(error?: unknown): void;
}

export function createEventQueue<T>(maxPending: number): EventQueue<T> {
  const pending: T[] = [];
  let ended: { error?: unknown } | undefined;
  let wake = () => {};

  const queue: EventQueue<T> = {
    push(event) {
      if (ended) return false;
      if (pending.length >= maxPending) {
        queue.end(new Overflow());
        return false;
      }
      pending.push(event);
      wake();
      return true;
    },
    end(error) {
      ended ??= { error };
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const next = pending.shift();
        if (next !== undefined) {
          yield next;
        } else if (ended) {
          if (ended.error !== undefined) throw ended.error;
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
  return queue;
}
