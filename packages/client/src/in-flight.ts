/**
 * Answers that several wait for: while one is under way, whoever asks for the same gets the same.
 *
 * Who gives up waiting leaves the others alone; when nobody waits any more, the work is stopped.
 */
import { orAborted } from './waiting.ts';

interface Call {
  readonly answer: Promise<unknown>;
  readonly stop: AbortController;
  waiting: number;
}

export type ShareInFlight = <T>(
  key: string,
  run: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
) => Promise<T>;

export function createInFlight(): ShareInFlight {
  const calls = new Map<string, Call>();

  function begin(key: string, run: (signal: AbortSignal) => Promise<unknown>): Call {
    const stop = new AbortController();
    const call: Call = { answer: run(stop.signal).finally(() => forget(key, call)), stop, waiting: 0 };
    call.answer.catch(() => {});
    calls.set(key, call);
    return call;
  }
  function forget(key: string, call: Call): void {
    if (calls.get(key) === call) calls.delete(key);
  }

  return async <T>(key: string, run: (signal: AbortSignal) => Promise<T>, signal: AbortSignal) => {
    const call = calls.get(key) ?? begin(key, run);
    call.waiting += 1;
    try {
      return (await orAborted(call.answer, signal)) as T;
    } finally {
      call.waiting -= 1;
      if (call.waiting === 0) {
        forget(key, call);
        call.stop.abort();
      }
    }
  };
}
