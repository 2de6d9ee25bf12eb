/**
 * Notifications, on the shard of the person's bucket. Every statement carries the person's id, so that no caller can reach
 * another's.
 */
import { NotificationCreated } from '@lyceum/contracts';
import { type Consistency, type DatabaseSession, isId, newIdBeside } from '@lyceum/database';
import type { Notice, Notification } from './notification.ts';

const columns = { id: true, kind: true, courseId: true, aiJobId: true, createdAt: true, readAt: true } as const;

/** Which notifications of a person a page holds. */
export interface Slice {
  readonly limit: number;
  /** The id to go on behind, in the order newest first. */
  readonly after: string | null;
  readonly unreadOnly: boolean;
}

export function createNotificationsRepository(session: DatabaseSession<'users'>) {
  return {
    /** Newest first. */
    async page(
      userId: string,
      { limit, after, unreadOnly }: Slice,
      consistency?: Consistency,
    ): Promise<Notification[]> {
      const client = await session.read(userId, consistency);
      const where = { userId, ...(after && { id: { lt: after } }), ...(unreadOnly && { readAt: null }) };
      return client.notification.findMany({ where, orderBy: { id: 'desc' }, take: limit, select: columns });
    },

    async countUnread(userId: string, consistency?: Consistency): Promise<number> {
      const client = await session.read(userId, consistency);
      return client.notification.count({ where: { userId, readAt: null } });
    },

    /** Stores it and announces it, once for each cause. False if it was there, or the person is not. */
    add(notice: Notice, at: Date): Promise<boolean> {
      const { userId, kind, causeId, courseId = null, aiJobId = null } = notice;
      const id = newIdBeside(userId);
      return session.transaction(userId, async (tx) => {
        const added = await tx.$executeRaw`
          INSERT INTO notification (id, user_id, kind, course_id, ai_job_id, cause_id, created_at)
          SELECT ${id}::uuid, id, ${kind}::notification_kind, ${courseId}::uuid, ${aiJobId}::uuid, ${causeId}::uuid,
            ${at.toISOString()}::timestamptz
          FROM user_account WHERE id = ${userId}::uuid
          ON CONFLICT (cause_id) DO NOTHING`;
        if (added === 0) return false;
        const createdAt = at.toISOString();
        await tx.outbox.add(NotificationCreated, { notificationId: id, userId, kind, courseId, aiJobId, createdAt });
        return true;
      });
    },

    /** Keeps the time of the first reading. Null if the person has no such notification. */
    async markRead(userId: string, id: string, at: Date): Promise<Notification | null> {
      if (!isId(id)) return null;
      return session.transaction(userId, async (tx) => {
        await tx.notification.updateMany({ where: { id, userId, readAt: null }, data: { readAt: at } });
        return tx.notification.findUnique({ where: { id, userId }, select: columns });
      });
    },

    /** Returns how many were unread. */
    async markAllRead(userId: string, at: Date): Promise<number> {
      const { count } = await session.transaction(userId, (tx) =>
        tx.notification.updateMany({ where: { userId, readAt: null }, data: { readAt: at } }),
      );
      return count;
    },
  };
}

export type NotificationsRepository = ReturnType<typeof createNotificationsRepository>;
