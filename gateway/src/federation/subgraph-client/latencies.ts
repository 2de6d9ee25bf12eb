/**
 * How long answers took lately, for the moment from which on a second request is worth sending.
 */
export interface Latencies {
  add(ms: number): void;
  /** Of the last answers; undefined while there are too few to tell. */
  quantile(share: number): number | undefined;
}

const KEPT = 256;
const ENOUGH = 32;
/** Sorting is not worth it for every fetch. */
const REFRESH_EVERY = 32;

export function createLatencies(): Latencies {
  const ring = new Float64Array(KEPT);
  let added = 0;
  let sorted: Float64Array | undefined;
  return {
    add(ms) {
      ring[added % KEPT] = ms;
      added += 1;
      if (added % REFRESH_EVERY === 0) sorted = undefined;
    },
    quantile(share) {
      if (added < ENOUGH) return undefined;
      sorted ??= ring.slice(0, Math.min(added, KEPT)).sort();
      return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    },
  };
}
