/**
 * Merges what a subgraph answered into what others have answered before.
 *
 * A null never replaces an answer: where several subgraphs share a field, one that failed must not erase the others.
 */
import { type Data, isData, readKey } from '../compile/data.ts';

/** Takes objects of `source` over as they are. Those that `source` shares with others are noted in `repeated`. */
export function merge(target: Data, source: Data, repeated?: Set<unknown>): void {
  for (const key in source) {
    const value = source[key];
    // No operation can ask for it, so a subgraph made it up.
    if (value === undefined || key === '__proto__') continue;
    const known = readKey(target, key);
    if (known !== value) target[key] = merged(known, value, repeated);
  }
}

function merged(known: unknown, value: unknown, repeated: Set<unknown> | undefined): unknown {
  if (known === undefined || known === null) {
    if (repeated && typeof value === 'object' && value !== null) repeated.add(value);
    return value;
  }
  if (value === null || known === value) return known;
  if (Array.isArray(known) && Array.isArray(value) && known.length === value.length) {
    for (const [index, item] of value.entries()) known[index] = merged(known[index], item, repeated);
    return known;
  }
  if (!isData(known) || !isData(value)) return value;
  merge(known, value, repeated);
  return known;
}

/** A copy that shares nothing with the original. */
export function copy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy) as T;
  const copied: Data = {};
  for (const key in value) copied[key] = copy(value[key]);
  return copied as T;
}
