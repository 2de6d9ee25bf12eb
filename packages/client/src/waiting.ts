/**
 * Waiting with bounds: for a moment before the next try, and for work that others wait for too.
 */
export interface RetryPolicy {
  /** Tries in a row that bring nothing, after which a subscription ends with the last error. */
  readonly attempts: number;
  /** Waits are random, up to a bound that begins here and doubles with every try. */
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Full jitter: after an outage, clients must not come back in step. `attempt` counts from 1. */
export function backOffMs(attempt: number, { baseMs, maxMs }: RetryPolicy): number {
  return Math.random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
}

/** Ends early, without a throw, when the signal aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** The work's outcome, or the signal's reason if that comes first. The work itself goes on. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
