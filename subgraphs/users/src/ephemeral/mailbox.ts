/**
 * What waits for one subscriber of something ephemeral: of each key the newest, and no more than `size`; beyond that the
 * oldest is dropped.
 */
type Put<T> = (key: string, value: T) => void;

export interface MailboxOptions<T> {
  readonly size: number;
  /** Ends it, and drops what waits, as `return()` does. */
  readonly signal: AbortSignal;
  /** Begins to fill it; returns the way to stop, which is called once. Not called at all if the signal has aborted before. */
  fill(put: Put<T>): () => void;
}

export function createMailbox<T>({ size, signal, fill }: MailboxOptions<T>): AsyncIterableIterator<T, void> {
  const waiting = new Map<string, T>();
  let isOpen = !signal.aborted;
  let wake = () => {};

  const put: Put<T> = (key, value) => {
    waiting.delete(key);
    waiting.set(key, value);
    if (waiting.size > size) waiting.delete(waiting.keys().next().value as string);
    wake();
  };
  const stop = isOpen ? fill(put) : () => {};
  const end = () => {
    if (!isOpen) return;
    isOpen = false;
    signal.removeEventListener('abort', end);
    stop();
    waiting.clear();
    wake();
  };
  signal.addEventListener('abort', end);

  const mailbox: AsyncIterableIterator<T, void> = {
    async next() {
      while (isOpen) {
        for (const [key, value] of waiting) {
          waiting.delete(key);
          return { done: false, value };
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return { done: true, value: undefined };
    },
    async return() {
      end();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => mailbox,
  };
  return mailbox;
}
