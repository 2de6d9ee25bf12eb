/**
 * The messages that wait for one subscriber: pushed by a socket that cannot be slowed down, pulled at the subscriber's pace.
 *
 * Bounded: what does not fit any more is refused, and the source must be asked for it again.
 */
export interface MessageQueue<T> extends AsyncIterable<T> {
  /** False if there is no room, or the queue has ended. */
  push(message: T): boolean;
  /** What waits is still delivered; then the iteration ends, with the error if there is one. The first end counts. */
  end(error?: unknown): void;
}

export function createMessageQueue<T>(maxPending: number): MessageQueue<T> {
  const pending: T[] = [];
  let ended: { readonly error?: unknown } | undefined;
  let wake = () => {};

  return {
    push(message) {
      if (ended || pending.length >= maxPending) return false;
      pending.push(message);
      wake();
      return true;
    },
    end(error) {
      ended ??= { error };
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (pending.length > 0) yield pending.shift()!;
        if (ended?.error !== undefined) throw ended.error;
        if (ended) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
