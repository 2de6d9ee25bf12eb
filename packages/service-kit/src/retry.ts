/**
 * Waiting and giving up: full-jitter back-off between tries, and time-outs that abort what they bound.
 *
 * Full jitter after "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015): after an outage, callers must not
 * come back in step.
 */
import { LyceumError } from './errors.ts';

export interface BackOff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** A random wait before try `attempt + 1`; `attempt` counts from 1. */
export function backOffMs(attempt: number, { baseMs, maxMs }: BackOff): number {
  return Math.random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
}

/** Ends early, without a throw, when the signal aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

export interface Outage {
  /** Throws while what the work needs is away. */
  check(): Promise<unknown>;
  /** Called before each wait, with what the work threw. */
  onAway(error: unknown): void;
  readonly signal: AbortSignal;
}

/**
 * Does the work again for as long as what it needs is away. What it throws while that answers, or once the signal aborts, is
 * thrown.
 */
export async function outlast<T>(work: () => Promise<T>, { check, onAway, signal }: Outage): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isAnswering = await check().then(
        () => true,
        () => false,
      );
      if (isAnswering || signal.aborted) throw error;
      onAway(error);
      await sleep(backOffMs(attempt, { baseMs: 100, maxMs: 5_000 }), signal);
    }
  }
}

/**
 * Throws TIMED_OUT after `ms`. A function is given a signal that aborts then, so that the work stops too; a promise
 * goes on unobserved. The label goes into the error's cause, for logs only.
 */
export async function withTimeout<T>(
  work: Promise<T> | ((signal: AbortSignal) => T | Promise<T>),
  ms: number,
  label: string,
): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let verdict: NodeJS.Immediate | undefined;
  const expiry = new Promise<never>((_, reject) => {
    const expire = () => {
      const error = new LyceumError('TIMED_OUT', undefined, undefined, {
        cause: new Error(`${label} took longer than ${ms} ms`),
      });
      reject(error);
      controller.abort(error);
    };
    // After a stall of this process timers come first: what has arrived meanwhile is read before anything is given up.
    timer = setTimeout(() => {
      verdict = setImmediate(expire);
    }, ms);
  });
  try {
    const running = typeof work === 'function' ? Promise.resolve().then(() => work(controller.signal)) : work;
    running.catch(() => {});
    return await Promise.race([running, expiry]);
  } finally {
    clearTimeout(timer);
    clearImmediate(verdict);
  }
}
