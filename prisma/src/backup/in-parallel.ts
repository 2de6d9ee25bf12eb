/**
 * Does the same with each of many things, a few at a time. The first failure stops what has not begun, aborts what has,
 * and is thrown once everything has ended.
 */
import { atMost } from '../at-most.ts';

export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const abort = new AbortController();
  const failures: unknown[] = [];
  await atMost(limit, items, async (item) => {
    if (failures.length > 0) return;
    await work(item, abort.signal).catch((error: unknown) => {
      failures.push(error);
      abort.abort();
    });
  });
  if (failures.length > 0) throw failures[0];
}
