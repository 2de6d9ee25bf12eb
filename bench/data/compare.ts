/**
 * Rounds in which participants take turns, so that what disturbs the machine disturbs all of them.
 */
import { median } from '../statistics.ts';
import { type Figures, measure, type Work } from './load.ts';

export interface Compared {
  readonly id: string;
  /** Medians over all visits. */
  readonly figures: Figures;
  /** Medians over the visits, each compared with the first participant's visit of the same turn. */
  readonly throughput: number;
  readonly p99: number;
}

export interface Pace {
  /** Visits to each participant. */
  readonly turns: number;
  /** Of a visit. */
  readonly seconds: number;
}

/** The first one is what the others are compared with. */
export async function compare(
  participants: readonly { readonly id: string; readonly work: Work }[],
  { turns, seconds }: Pace,
): Promise<Compared[]> {
  for (const { work } of participants) await measure(work, seconds);
  const seen: Figures[][] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const figures: Figures[] = [];
    // Who comes first changes from turn to turn.
    const order = participants.map((_, index) => (index + turn) % participants.length);
    for (const index of order) figures[index] = await measure(participants[index]!.work, seconds);
    seen.push(figures);
  }
  const over = (of: (figures: Figures[]) => number) => median(seen.map(of));
  return participants.map(({ id }, index) => ({
    id,
    figures: {
      perSecond: over((turn) => turn[index]!.perSecond),
      p50: over((turn) => turn[index]!.p50),
      p99: over((turn) => turn[index]!.p99),
      cpuMicroseconds: over((turn) => turn[index]!.cpuMicroseconds),
    },
    throughput: over((turn) => turn[index]!.perSecond / turn[0]!.perSecond),
    p99: over((turn) => turn[index]!.p99 / turn[0]!.p99),
  }));
}
