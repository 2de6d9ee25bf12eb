/**
 * Which lessons a learner has started and completed, on the learner's shard. Every statement carries the learner's id.
 */
import { type DatabaseSession, isId, type Tx } from '@lyceum/database';

export interface LessonProgress {
  readonly lessonId: string;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
}

export function createCompletionRepository(session: DatabaseSession<'progress'>) {
  return {
    /** For lessons of courses the learner is enrolled in; others are left out. One query for all of them. */
    async byLessons(learnerId: string, lessonIds: readonly string[]): Promise<Map<string, LessonProgress>> {
      const client = await session.read(learnerId);
      const rows = await client.$queryRaw<LessonProgress[]>`
        SELECT ol.lesson_id AS "lessonId", lp.started_at AS "startedAt", lp.completed_at AS "completedAt"
        FROM outline_lesson ol
        JOIN enrollment e
          ON e.course_id = ol.course_id AND e.learner_id = ${learnerId}::uuid AND e.status <> 'WITHDRAWN'
        LEFT JOIN lesson_progress lp ON lp.lesson_id = ol.lesson_id AND lp.learner_id = ${learnerId}::uuid
        WHERE ol.lesson_id = ANY(${lessonIds.filter(isId)}::uuid[])`;
      return new Map(rows.map((row) => [row.lessonId, row]));
    },

    async find(tx: Tx<'progress'>, learnerId: string, lessonId: string): Promise<LessonProgress> {
      const row = await tx.lessonProgress.findUnique({
        where: { learnerId_lessonId: { learnerId, lessonId } },
        select: { lessonId: true, startedAt: true, completedAt: true },
      });
      return row ?? { lessonId, startedAt: null, completedAt: null };
    },

    /** True if the lesson had not been started. A lesson that has left its course is not started any more. */
    async start(tx: Tx<'progress'>, learnerId: string, lessonId: string, at: Date): Promise<boolean> {
      const changed = await tx.$executeRaw`
        INSERT INTO lesson_progress (learner_id, lesson_id, course_id, started_at, updated_at)
        SELECT ${learnerId}::uuid, lesson_id, course_id, ${at.toISOString()}::timestamptz, ${at.toISOString()}::timestamptz
        FROM outline_lesson WHERE lesson_id = ${lessonId}::uuid
        ON CONFLICT (learner_id, lesson_id) DO NOTHING`;
      return changed === 1;
    },

    /** True if the lesson had not been completed. A lesson never started is started, too. */
    async complete(tx: Tx<'progress'>, learnerId: string, lessonId: string, at: Date): Promise<boolean> {
      const changed = await tx.$executeRaw`
        INSERT INTO lesson_progress AS lp (learner_id, lesson_id, course_id, started_at, completed_at, updated_at)
        SELECT ${learnerId}::uuid, lesson_id, course_id, ${at.toISOString()}::timestamptz,
          ${at.toISOString()}::timestamptz, ${at.toISOString()}::timestamptz
        FROM outline_lesson WHERE lesson_id = ${lessonId}::uuid
        ON CONFLICT (learner_id, lesson_id) DO UPDATE
          SET completed_at = EXCLUDED.completed_at, updated_at = EXCLUDED.updated_at
          WHERE lp.completed_at IS NULL`;
      return changed === 1;
    },
  };
}

export type CompletionRepository = ReturnType<typeof createCompletionRepository>;
