/**
 * Compares what a learner was told of the own writes with what the databases hold.
 */
import type { Change } from '../../support/learning/comparison.ts';

/** A change that was acknowledged. `lessonId` null: the answer to a problem of whichever lesson. */
export interface Told extends Change {
  readonly revision: number;
}

export interface Comparison {
  /** Acknowledged, and not there. */
  readonly lost: readonly Told[];
  /** There, and not acknowledged: writes whose outcome stayed unknown. */
  readonly unacknowledged: number;
}

/** `changes`: all of the learner, in order. The first is the enrolment, of which nobody was told here. */
export function compareWrites(told: readonly Told[], changes: readonly Change[]): Comparison {
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
