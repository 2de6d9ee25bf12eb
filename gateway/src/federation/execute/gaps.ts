/**
 * Keys of objects that stay empty, and are known to: by which fetch, so that a null need not be explained again.
 */
import type { Data } from '../compile/data.ts';

export type Gaps = Map<Data, Set<string>>;

export function addGaps(gaps: Gaps, object: Data, keys: readonly string[]): void {
  const known = gaps.get(object);
  if (known) for (const key of keys) known.add(key);
  else gaps.set(object, new Set(keys));
}
