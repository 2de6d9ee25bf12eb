import { z } from 'zod';
import { defineEvent } from '../define.ts';

export const NotificationKind = z.enum(['COURSE_COMPLETED', 'AI_JOB_FINISHED']);
export type NotificationKind = z.output<typeof NotificationKind>;

/** A notification was stored, unread. After commit, at least once, ordered per person. */
export const NotificationCreated = defineEvent({
  name: 'notification.created',
  version: 1,
  delivery: 'live',
  payload: z.object({
    notificationId: z.uuid(),
    userId: z.uuid(),
    kind: NotificationKind,
    /** What it is about; null where the kind has none. */
    courseId: z.uuid().nullable(),
    aiJobId: z.uuid().nullable(),
    createdAt: z.iso.datetime(),
  }),
  key: (payload) => payload.userId,
});
