/**
 * What the databases hold of learners' progress in a course.
 */
import type { Databases } from '../databases.ts';
import type { Change, Progress, Truth } from './comparison.ts';

const PROGRESS = `SELECT learner_id AS "learnerId", percentage, revision,
    completed_lessons AS "completedLessons", total_lessons AS "totalLessons", answered_problems AS "answeredProblems",
    correct_problems AS "correctProblems", total_problems AS "totalProblems"
  FROM enrollment WHERE course_id = $1`;
/** Written in the transaction of each change. What completes a course adds an entry that is no change of its own. */
const CHANGES = `SELECT learner_id AS "learnerId", kind AS reason, lesson_id AS "lessonId"
  FROM activity WHERE course_id = $1 AND kind <> 'COURSE_COMPLETED'
  ORDER BY occurred_at, id`;

/** By learner. */
export async function readTruths(databases: Databases, courseId: string): Promise<ReadonlyMap<string, Truth>> {
  const enrollments = await databases.read<Progress & { learnerId: string }>('progress', PROGRESS, [courseId]);
  const changes = await databases.read<Change & { learnerId: string }>('progress', CHANGES, [courseId]);
  const changesOf = Map.groupBy(changes, ({ learnerId }) => learnerId);
  return new Map(
    enrollments.map(({ learnerId, ...progress }) => [
      learnerId,
      { progress, changes: (changesOf.get(learnerId) ?? []).map(({ reason, lessonId }) => ({ reason, lessonId })) },
    ]),
  );
}
