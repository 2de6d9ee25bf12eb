/**
 * Compares deliveries with what was committed: of each key the numbers from 1 up, as many of one key as of any other.
 */
import type { Delivery } from './deliveries.ts';

export interface Comparison {
  readonly keys: number;
  readonly missing: number;
  /** Deliveries of an event that was delivered before under the same id. */
  readonly duplicates: number;
  /** Deliveries of an event that was delivered before under another id. */
  readonly strangers: number;
  /** First deliveries behind a later event of their key. */
  readonly outOfOrder: number;
}

export function compare(deliveries: readonly Delivery[], committed: number): Comparison {
  const ids = new Map<string, string>();
  const highest = new Map<string, number>();
  const tally = { duplicates: 0, strangers: 0, outOfOrder: 0 };
  for (const { id, key, number } of deliveries) {
    const event = `${key} ${number}`;
    const known = ids.get(event);
    if (known !== undefined) {
      tally[known === id ? 'duplicates' : 'strangers'] += 1;
      continue;
    }
    ids.set(event, id);
    const before = highest.get(key) ?? 0;
    if (number < before) tally.outOfOrder += 1;
    highest.set(key, Math.max(before, number));
  }
  return { ...tally, keys: highest.size, missing: committed - ids.size };
}
