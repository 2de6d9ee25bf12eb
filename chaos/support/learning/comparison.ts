/**
 * Compares what a subscriber got, and what a learner was told of the own writes, with what the database holds.
 */
import { isDeepStrictEqual } from 'node:util';

/** As the graph and the enrolment's row name it. */
export interface Progress {
  readonly percentage: number;
  readonly completedLessons: number;
  readonly totalLessons: number;
  readonly answeredProblems: number;
  readonly correctProblems: number;
  readonly totalProblems: number;
  /** 1 at the enrolment, and one more with each change. */
  readonly revision: number;
}

export interface Change {
  readonly reason: string;
  /** Null for an enrolment. */
  readonly lessonId: string | null;
}

export interface Update extends Change {
  readonly progress: Progress;
  /** Whether everything that was asked for was there and right. */
  readonly isComplete: boolean;
}

/** What was committed of one learner's progress in the course. */
export interface Truth {
  /** The first is the one of revision 1. */
  readonly changes: readonly Change[];
  readonly progress: Progress;
}

/** Each thing that is wrong, in words; none if every change was told once, in order, up to the state as it is. */
export function faultsOf(updates: readonly Update[], { changes, progress }: Truth): string[] {
  const faults: string[] = [];
  const seen = new Set<number>();
  let latest = 0;
  for (const update of updates) {
    const { revision } = update.progress;
    if (seen.has(revision)) faults.push(`revision ${revision} came twice`);
    else if (revision < latest) faults.push(`revision ${revision} came after ${latest}`);
    seen.add(revision);
    latest = Math.max(latest, revision);
    const change = changes[revision - 1];
    if (change?.reason !== update.reason || change.lessonId !== update.lessonId) {
      faults.push(`revision ${revision} was told as ${update.reason} of ${update.lessonId}`);
    }
    if (!update.isComplete) faults.push(`revision ${revision} was not complete`);
  }
  for (let revision = 1; revision <= changes.length; revision += 1) {
    if (!seen.has(revision)) faults.push(`revision ${revision} is missing`);
  }
  const last = updates.at(-1)?.progress;
  if (!isDeepStrictEqual(last, progress)) faults.push(`the last state was ${JSON.stringify(last)}`);
  return faults;
}

/** A change that was acknowledged. `lessonId` null: the answer to a problem of whichever lesson. */
export interface Told extends Change {
  /** Of the learner's progress in the course. */
  readonly revision: number;
}

export interface WritesComparison {
  /** Acknowledged, and not there. */
  readonly lost: readonly Told[];
  /** There, and not acknowledged: writes whose outcome stayed unknown. */
  readonly unacknowledged: number;
}

/** `changes`: all of the learner, in order. The first is the enrolment, of which nobody was told here. */
export function compareWrites(told: readonly Told[], changes: readonly Change[]): WritesComparison {
  const isThere = ({ revision, reason, lessonId }: Told) => {
    const change = changes[revision - 1];
    return change?.reason === reason && (lessonId === null || change.lessonId === lessonId);
  };
  const lost = told.filter((write) => !isThere(write));
  const kept = new Set(told.filter(isThere).map(({ revision }) => revision));
  // Two acknowledgements of one change mean that one of them was not carried out.
  const shared = told.length - lost.length - kept.size;
  return {
    lost: shared > 0 ? [...lost, ...told.slice(-shared)] : lost,
    unacknowledged: changes.length - 1 - kept.size,
  };
}
