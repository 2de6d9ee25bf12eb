/**
 * Learners at work: all of them write and read, at any gateway, until they are told to stop.
 */
import type { Chaos } from '../../scenario.ts';
import type { Classroom } from './classroom.ts';
import type { Learner } from './learners.ts';
import { keepReading } from './reader.ts';
import { keepWriting } from './writer.ts';

/** What learners did, all together, and what failed. */
export interface Totals {
  readonly writes: number;
  readonly failedWrites: number;
  readonly reads: number;
  readonly failedReads: number;
  /** Older than one before them. */
  readonly staleReads: number;
  readonly samples: readonly string[];
}

/** Returns what stops them; it resolves when nothing is under way any more. `everyMs`: on average, of each of them. */
export function putToWork(
  chaos: Chaos,
  { stack: { clients }, course, learners }: Classroom,
  everyMs: number,
): () => Promise<void> {
  const stopping = chaos.own(new AbortController(), (s) => s.abort());
  const options = { course, clients, everyMs };
  const working = learners.flatMap((learner) => [
    keepWriting(learner, options, stopping.signal),
    keepReading(learner, options, stopping.signal),
  ]);
  return async () => {
    stopping.abort();
    await Promise.all(working);
  };
}

export function totalOf(learners: readonly Learner[]): Totals {
  const sum = (count: (learner: Learner) => number) => learners.reduce((all, learner) => all + count(learner), 0);
  return {
    writes: sum(({ written }) => written.acknowledged.length),
    failedWrites: sum(({ written }) => written.failed),
    reads: sum(({ read }) => read.answers),
    failedReads: sum(({ read }) => read.failed),
    staleReads: sum(({ read }) => read.stale),
    samples: learners.flatMap(({ read }) => read.samples).slice(0, 3),
  };
}
