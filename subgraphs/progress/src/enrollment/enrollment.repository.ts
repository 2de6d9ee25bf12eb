/**
 * Enrolments, on the learner's shard. Every statement carries the learner's id, so that no caller can reach another's.
 */
import { type DatabaseSession, isId, newIdBeside, type Tx } from '@lyceum/database';
import type { OutlineCourse } from '../outline/outline.repository.ts';
import type { Enrollment } from './enrollment.ts';

/** Where a page begins: after this enrolment in the order newest first. */
export interface EnrollmentPosition {
  readonly enrolledAt: Date;
  readonly id: string;
}

const columns = {
  id: true,
  learnerId: true,
  courseId: true,
  status: true,
  completedLessons: true,
  totalLessons: true,
  answeredProblems: true,
  correctProblems: true,
  totalProblems: true,
  percentage: true,
  revision: true,
  enrolledAt: true,
  completedAt: true,
} as const;

export function createEnrollmentRepository(session: DatabaseSession<'progress'>) {
  return {
    async byIds(learnerId: string, ids: readonly string[]): Promise<Map<string, Enrollment>> {
      const client = await session.read(learnerId);
      const where = { learnerId, id: { in: ids.filter(isId) } };
      const rows = await client.enrollment.findMany({ where, select: columns });
      return new Map(rows.map((row) => [row.id, row]));
    },

    async byCourses(learnerId: string, courseIds: readonly string[]): Promise<Map<string, Enrollment>> {
      const client = await session.read(learnerId);
      const where = { learnerId, courseId: { in: courseIds.filter(isId) } };
      const rows = await client.enrollment.findMany({ where, select: columns });
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
      return client.enrollment.findMany({
        where: {
          learnerId,
          ...(status && { status }),
          ...(after && {
            enrolledAt: { lte: after.enrolledAt },
            OR: [{ enrolledAt: { lt: after.enrolledAt } }, { id: { lt: after.id } }],
          }),
        },
        orderBy: [{ enrolledAt: 'desc' }, { id: 'desc' }],
        take: limit,
        select: columns,
      });
    },

    /** The enrolment as last committed, held until the transaction ends: changes of one learner and course take turns. */
    async lock(tx: Tx<'progress'>, learnerId: string, courseId: string): Promise<Enrollment | null> {
      if (!isId(courseId)) return null;
      await tx.$queryRaw`
        SELECT 1 FROM enrollment WHERE learner_id = ${learnerId}::uuid AND course_id = ${courseId}::uuid FOR UPDATE`;
      return tx.enrollment.findUnique({ where: { learnerId_courseId: { learnerId, courseId } }, select: columns });
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
    async save(tx: Tx<'progress'>, enrollment: Enrollment): Promise<void> {
      const { id, learnerId, courseId: _, enrolledAt: __, ...data } = enrollment;
      await tx.enrollment.updateMany({ where: { id, learnerId }, data });
    },
  };
}

export type EnrollmentRepository = ReturnType<typeof createEnrollmentRepository>;
