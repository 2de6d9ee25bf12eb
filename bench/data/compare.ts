/**
 * Rounds in which participants take turns, so that what disturbs the machine disturbs all of them.
 */
import { median } from '../statistics.ts';
import { type Figures, measure, type Work } from './load.ts';

/** Visits of each participant in a round: many short ones, because neighbours are compared with each other. */
const TURNS = 5;

export interface Compared {
  readonly id: string;
  /** Medians over all visits. */
  readonly figures: Figures;
  /** Medians over the visits, each compared with the first participant's visit of the same turn. */
  readonly throughput: number;
  readonly p99: number;
}

export interface Pace {
  readonly rounds: number;
  /** Of each participant in each round. */
  readonly seconds: number;
}

/** The first one is what the others are compared with. */
export async function compare(
  participants: readonly { readonly id: string; readonly work: Work }[],
  { rounds, seconds }: Pace,
): Promise<Compared[]> {
  const visit = (seconds * 2.5) / TURNS;
  for (const { work } of participants) await measure(work, visit);
  const turns: Figures[][] = [];
  for (let turn = 0; turn < rounds * TURNS; turn += 1) {
    const figures: Figures[] = [];
    // Who comes first changes from turn to turn.
    const order = participants.map((_, index) => (index + turn) % participants.length);
    for (const index of order) figures[index] = await measure(participants[index]!.work, visit);
    turns.push(figures);
  }
  const over = (of: (figures: Figures[]) => number) => median(turns.map(of));
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
