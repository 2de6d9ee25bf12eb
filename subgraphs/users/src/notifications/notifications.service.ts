/**
 * A person's notifications: read, marked as read, and followed, by the person alone.
 */
import { type EventEnvelope, NotificationCreated, type PayloadOf, type Viewer } from '@lyceum/contracts';
import { type Clock, notFound } from '@lyceum/service-kit';
import { type Connection, CursorPart, loadConnection, type PageArgs, type Subscriber } from '@lyceum/subgraph-kit';
import { z } from 'zod';
import { isSelf, type Person } from '../profiles/person.ts';
import type { Resources } from '../resources.ts';
import type { Notification } from './notification.ts';
import type { NotificationsRepository } from './notifications.repository.ts';

export interface NotificationsDependencies {
  readonly notifications: NotificationsRepository;
  readonly topics: Resources['topics'];
  readonly clock: Clock;
}

export interface NotificationsArgs extends PageArgs {
  readonly unreadOnly: boolean;
}

/** Ids sort by time of making. */
const newestFirst = {
  cursor: z.tuple([CursorPart.id]).transform(([id]) => id),
  partsOf: ({ id }: Notification) => [id],
};

export function createNotificationsService({ notifications, topics, clock }: NotificationsDependencies) {
  return {
    /** Newest first. Nobody but the person sees anything. Throws BAD_USER_INPUT naming `first` or `after`. */
    page(viewer: Viewer | null, person: Person, args: NotificationsArgs): Promise<Connection<Notification>> {
      const { unreadOnly } = args;
      return loadConnection(args, newestFirst, async (after, limit) =>
        isSelf(viewer, person)
          ? notifications.page(person.id, { limit, after, unreadOnly }, consistencyFor(person))
          : [],
      );
    },

    /** 0 for everybody but the person. */
    async countUnread(viewer: Viewer | null, person: Person): Promise<number> {
      return isSelf(viewer, person) ? notifications.countUnread(person.id, consistencyFor(person)) : 0;
    },

    /** Idempotent. Throws NOTIFICATION_NOT_FOUND, for another's too. */
    async markRead(viewer: Viewer, id: string): Promise<Notification> {
      const notification = await notifications.markRead(viewer.id, id, clock.now());
      if (notification === null) throw notFound('NOTIFICATION_NOT_FOUND');
      return notification;
    },

    /** Returns how many were unread. */
    markAllRead: (viewer: Viewer): Promise<number> => notifications.markAllRead(viewer.id, clock.now()),

    /** The viewer's own from now or the cursor on, in order; the topic's key is the viewer, so nobody follows another. */
    follow: (
      viewer: Viewer,
      { resume, signal }: Subscriber,
    ): AsyncIterable<EventEnvelope<PayloadOf<typeof NotificationCreated>>> =>
      topics.subscribe(NotificationCreated, viewer.id, { from: 'now', resume, signal }),
  };
}

export type NotificationsService = ReturnType<typeof createNotificationsService>;

/** A request that signs in has no session of its own that would know what the person did before. */
function consistencyFor({ justSignedIn }: Person): 'primary' | 'session' {
  return justSignedIn ? 'primary' : 'session';
}
