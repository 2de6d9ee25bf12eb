/**
 * Enrolments, on the learner's shard. Every statement carries the learner's id, so that no caller can reach another's.
 */
import { columns, type DatabaseSession, empty, isId, newIdBeside, sql, type Tx } from '@lyceum/database';
import type { OutlineCourse } from '../outline/outline.repository.ts';
import type { Enrollment } from './enrollment.ts';

/** Where a page begins: after this enrolment in the order newest first. */
export interface EnrollmentPosition {
  readonly enrolledAt: Date;
  readonly id: string;
}

const COLUMNS = columns([
  ...['id', 'learnerId', 'courseId', 'status', 'percentage', 'revision', 'enrolledAt', 'completedAt'],
  ...['completedLessons', 'totalLessons', 'answeredProblems', 'correctProblems', 'totalProblems'],
]);

export function createEnrollmentRepository(session: DatabaseSession<'progress'>) {
  return {
    async byIds(learnerId: string, ids: readonly string[]): Promise<Map<string, Enrollment>> {
      const client = await session.read(learnerId);
      const rows = await client.$queryRaw<Enrollment[]>`
        SELECT ${COLUMNS} FROM enrollment
        WHERE learner_id = ${learnerId}::uuid AND id = ANY(${ids.filter(isId)}::uuid[])`;
      return new Map(rows.map((row) => [row.id, row]));
    },

    async byCourses(learnerId: string, courseIds: readonly string[]): Promise<Map<string, Enrollment>> {
      const client = await session.read(learnerId);
      const rows = await client.$queryRaw<Enrollment[]>`
        SELECT ${COLUMNS} FROM enrollment
        WHERE learner_id = ${learnerId}::uuid AND course_id = ANY(${courseIds.filter(isId)}::uuid[])`;
      return new Map(rows.map((row) => [row.courseId, row]));
    },

    /** Newest first. */
    async page(
      learnerId: string,
      limit: number,
      after: EnrollmentPosition | null,
      status: Enrollment['status'] | null,
    ): Promise<Enrollment[]> {
      const client = await session.read(learnerId);
      return client.$queryRaw<Enrollment[]>`
        SELECT ${COLUMNS} FROM enrollment
        WHERE learner_id = ${learnerId}::uuid
          ${status ? sql`AND status = ${status}::enrollment_status` : empty}
          ${after ? sql`AND (enrolled_at, id) < (${after.enrolledAt}::timestamptz, ${after.id}::uuid)` : empty}
        ORDER BY enrolled_at DESC, id DESC
        LIMIT ${limit}`;
    },

    /** The enrolment as last committed, held until the transaction ends: changes of one learner and course take turns. */
    async lock(tx: Tx<'progress'>, learnerId: string, courseId: string): Promise<Enrollment | null> {
      if (!isId(courseId)) return null;
      const rows = await tx.$queryRaw<Enrollment[]>`
        SELECT ${COLUMNS} FROM enrollment
        WHERE learner_id = ${learnerId}::uuid AND course_id = ${courseId}::uuid FOR UPDATE`;
      return rows[0] ?? null;
    },

    /** Nothing done yet, revision 0. False if a concurrent call enrolled the learner first. */
    async insert(tx: Tx<'progress'>, learnerId: string, course: OutlineCourse, at: Date): Promise<boolean> {
      const { courseId, lessonCount, problemCount } = course;
      const { count } = await tx.enrollment.createMany({
        data: {
          id: newIdBeside(learnerId),
          learnerId,
          courseId,
          totalLessons: lessonCount,
          totalProblems: problemCount,
          revision: 0,
          enrolledAt: at,
        },
        skipDuplicates: true,
      });
      return count === 1;
    },

    /** Expects the row to be locked. */
    async save(tx: Tx<'progress'>, after: Enrollment): Promise<void> {
      await tx.$executeRaw`
        UPDATE enrollment SET
          status = ${after.status}::enrollment_status, percentage = ${after.percentage}, revision = ${after.revision},
          completed_lessons = ${after.completedLessons}, total_lessons = ${after.totalLessons},
          answered_problems = ${after.answeredProblems}, correct_problems = ${after.correctProblems},
          total_problems = ${after.totalProblems}, completed_at = ${after.completedAt}, updated_at = now()
        WHERE id = ${after.id}::uuid AND learner_id = ${after.learnerId}::uuid`;
    },
  };
}

export type EnrollmentRepository = ReturnType<typeof createEnrollmentRepository>;
