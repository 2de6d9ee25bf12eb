/**
 * What a person is told: what happened and to what. Clients turn it into words, in the person's language.
 */
import type { NotificationCreated, NotificationKind, PayloadOf } from '@lyceum/contracts';

export interface Notification {
  readonly id: string;
  readonly kind: NotificationKind;
  /** What it is about; null where the kind has none. */
  readonly courseId: string | null;
  readonly aiJobId: string | null;
  readonly createdAt: Date;
  readonly readAt: Date | null;
}

/** A notification to be stored. */
export interface Notice {
  readonly userId: string;
  readonly kind: NotificationKind;
  readonly courseId?: string;
  readonly aiJobId?: string;
  /** The id of the event that caused it. */
  readonly causeId: string;
}

/** As it was when it was stored. */
export function toNotification({
  notificationId,
  kind,
  courseId,
  aiJobId,
  createdAt,
}: PayloadOf<typeof NotificationCreated>): Notification {
  return { id: notificationId, kind, courseId, aiJobId, createdAt: new Date(createdAt), readAt: null };
}
