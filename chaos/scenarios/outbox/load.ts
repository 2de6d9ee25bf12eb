/**
 * The events that are committed: of each learner, numbered from 1, as many of a live event as of one of the log.
 */
import { randomUUID } from 'node:crypto';
import { PointsAwarded, ProgressUpdated } from '@lyceum/contracts';
import type { EventWriter, PlannedEvent } from '../../support/event-writer.ts';

/** Counts as they are committed. */
export interface Writing {
  committed: number;
}

const TRANSACTIONS = 20;
/** Of each of the two events. */
const PER_TRANSACTION = 5;
export const EVENTS_PER_LEARNER = TRANSACTIONS * PER_TRANSACTION * 2;
const WRITERS = 6;

/** Learners are written side by side, one of them in one transaction after the other. */
export async function write(writer: EventWriter, learners: number, writing: Writing): Promise<void> {
  const ids = Array.from({ length: learners }, () => writer.newLearnerId());
  const writeShare = async (mine: readonly string[]) => {
    for (let round = 0; round < TRANSACTIONS; round += 1) {
      for (const learnerId of mine) {
        const events = eventsOf(learnerId, round);
        await writer.commit(learnerId, events);
        writing.committed += events.length;
      }
    }
  };
  const shares = Array.from({ length: WRITERS }, (_, n) => ids.filter((_id, at) => at % WRITERS === n));
  await Promise.all(shares.map(writeShare));
}

function eventsOf(learnerId: string, round: number): PlannedEvent[] {
  const courseId = randomUUID();
  return Array.from({ length: PER_TRANSACTION }, (_, n) => round * PER_TRANSACTION + n + 1).flatMap((number) => [
    { definition: ProgressUpdated, payload: progressOf(learnerId, courseId, number) },
    { definition: PointsAwarded, payload: pointsOf(learnerId, courseId, number) },
  ]);
}

function progressOf(learnerId: string, courseId: string, revision: number) {
  return {
    learnerId,
    courseId,
    enrollmentId: learnerId,
    reason: 'LESSON_STARTED',
    lessonId: courseId,
    completedLessons: 0,
    totalLessons: 1,
    answeredProblems: 0,
    correctProblems: 0,
    totalProblems: 0,
    percentage: 0,
    revision,
  };
}

function pointsOf(learnerId: string, courseId: string, points: number) {
  return { learnerId, courseId, reachedAt: new Date().toISOString(), totals: [{ period: 'all', points }] };
}
