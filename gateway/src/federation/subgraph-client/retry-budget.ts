/**
 * Bounds what is sent beyond the first try: a share of the fetches, so that retries and hedges cannot multiply the load of
 * a subgraph that is in trouble.
 *
 * A token bucket, as Finagle's and Envoy's retry budgets are.
 */
export interface RetryBudget {
  /** A first try: earns its share of one more. */
  earn(share: number, max: number): void;
  /** False: what has been earned is spent. */
  spend(): boolean;
}

/** A subgraph that is asked rarely may still be asked twice: the bucket is full at first. */
export function createRetryBudget(atFirst: number): RetryBudget {
  let tokens = atFirst;
  return {
    earn(share, max) {
      if (tokens < max) tokens = Math.min(max, tokens + share);
    },
    spend() {
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
