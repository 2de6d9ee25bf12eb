/**
 * What learners did, partitioned by month, on the learner's shard. Every statement carries the learner's id.
 */
import { type DatabaseSession, newIdBeside, type progress, type Tx } from '@lyceum/database';

export interface Activity {
  readonly id: string;
  readonly kind: progress.ActivityKind;
  readonly courseId: string;
  readonly lessonId: string | null;
  readonly occurredAt: Date;
}

/** Where a page begins: after this activity in the order latest first. */
export type ActivityPosition = Pick<Activity, 'id' | 'occurredAt'>;

export function createActivityRepository(session: DatabaseSession<'progress'>) {
  return {
    async add(tx: Tx<'progress'>, learnerId: string, activity: Omit<Activity, 'id'>): Promise<void> {
      const { kind, courseId, lessonId, occurredAt } = activity;
      await tx.$executeRaw`
        INSERT INTO activity (id, learner_id, kind, course_id, lesson_id, occurred_at)
        VALUES (${newIdBeside(learnerId)}::uuid, ${learnerId}::uuid, ${kind}::activity_kind, ${courseId}::uuid,
          ${lessonId}::uuid, ${occurredAt}::timestamptz)`;
    },

    /** Latest first. The bound on `occurredAt` lets the database skip the months after it. */
    async page(learnerId: string, limit: number, after: ActivityPosition | null): Promise<Activity[]> {
      const client = await session.read(learnerId);
      return client.activity.findMany({
        where: {
          learnerId,
          ...(after && {
            occurredAt: { lte: after.occurredAt },
            OR: [{ occurredAt: { lt: after.occurredAt } }, { id: { lt: after.id } }],
          }),
        },
        orderBy: [{ occurredAt: 'desc' }, { id: 'desc' }],
        take: limit,
        select: { id: true, kind: true, courseId: true, lessonId: true, occurredAt: true },
      });
    },
  };
}

export type ActivityRepository = ReturnType<typeof createActivityRepository>;
