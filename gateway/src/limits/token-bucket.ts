/**
 * A bucket of tokens in this process, for while the one in Redis cannot be asked.
 */
export interface Rate {
  readonly perMinute: number;
  /** Tokens of a full bucket: what a caller may do at once. */
  readonly burst: number;
}

export interface TokenBucket {
  /** Takes one and returns 0, or returns the milliseconds until there is one. */
  take(rate: Rate, nowMs: number): number;
}

/** Full at first. */
export function createTokenBucket(): TokenBucket {
  let tokens = Number.POSITIVE_INFINITY;
  let countedAt = 0;

  return {
    take({ perMinute, burst }, nowMs) {
      const perMs = perMinute / 60_000;
      tokens = Math.min(burst, tokens + (nowMs - countedAt) * perMs);
      countedAt = nowMs;
      if (tokens < 1) return Math.ceil((1 - tokens) / perMs);
      tokens -= 1;
      return 0;
    },
  };
}
