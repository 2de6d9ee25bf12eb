/**
 * Waiting for what becomes true a little later, with a bound: the only way in which a test waits.
 */
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Calls `attempt` until it neither throws nor returns false, and returns its result. After `timeoutMs` it throws the last
 * error, so that an expectation inside shows what was still wrong.
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 20 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<T> {
  const end = performance.now() + timeoutMs;
  let failure: unknown;
  for (;;) {
    try {
      const result = await attempt();
      if (result !== false) return result;
      failure = new Error(`Not true within ${timeoutMs} ms: ${attempt.toString().slice(0, 200)}`);
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= end) throw failure;
    await delay(everyMs);
  }
}
