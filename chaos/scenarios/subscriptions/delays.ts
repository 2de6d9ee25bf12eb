/**
 * How long events took from their commit to the subscriber, by the fault that was the latest when they came.
 */
export interface Delays {
  /** From now on, delays belong to this fault. */
  begin(fault: string): void;
  add(delayMs: number): void;
  figures(): { readonly medianMs: number; readonly slowestMs: number; readonly slowestMsAfter: Record<string, number> };
}

export function watchDelays(): Delays {
  const all: number[] = [];
  const slowest: Record<string, number> = {};
  let latest: string | undefined;
  return {
    begin(fault) {
      latest = fault;
    },
    add(delayMs) {
      all.push(delayMs);
      if (latest !== undefined) slowest[latest] = Math.max(slowest[latest] ?? 0, delayMs);
    },
    figures() {
      const sorted = all.toSorted((a, b) => a - b);
      return {
        medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
        slowestMs: sorted.at(-1) ?? 0,
        slowestMsAfter: slowest,
      };
    },
  };
}
