/**
 * Closed loop: so many callers at once, each asks again when it has its answer.
 */
export const CALLERS = 16;

export interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Of this process, for each call. */
  readonly cpuMicroseconds: number;
}

export type Work = () => Promise<unknown>;

/** Throws what the work throws. */
export async function measure(work: Work, seconds: number): Promise<Figures> {
  const took: number[] = [];
  const began = performance.now();
  const end = began + seconds * 1_000;
  const clock = process.cpuUsage();
  const caller = async () => {
    for (let now = performance.now(); now < end; ) {
      await work();
      const after = performance.now();
      took.push(after - now);
      now = after;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const { user, system } = process.cpuUsage(clock);
  const elapsed = (performance.now() - began) / 1_000;
  took.sort((a, b) => a - b);
  const quantile = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? NaN;
  return {
    perSecond: took.length / elapsed,
    p50: quantile(0.5),
    p99: quantile(0.99),
    cpuMicroseconds: (user + system) / took.length,
  };
}
