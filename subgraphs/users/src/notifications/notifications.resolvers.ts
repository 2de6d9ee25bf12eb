/**
 * Notifications of the viewer. The course and the AI job are references that the gateway completes.
 */
import type { EventEnvelope, NotificationCreated, PayloadOf } from '@lyceum/contracts';
import { requireViewer } from '@lyceum/subgraph-kit';
import type { Resolvers } from '../__generated__/resolver-types.ts';
import { toNotification } from './notification.ts';

export const notificationsResolvers: Resolvers = {
  User: {
    notifications: (person, args, { viewer, services }) => services.notifications.page(viewer, person, args),
    unreadNotificationCount: (person, _args, { viewer, services }) =>
      services.notifications.countUnread(viewer, person),
  },
  Mutation: {
    markNotificationRead: (_, { id }, ctx) => ctx.services.notifications.markRead(requireViewer(ctx), id),
    markAllNotificationsRead: (_, _args, ctx) => ctx.services.notifications.markAllRead(requireViewer(ctx)),
  },
  Subscription: {
    notificationReceived: {
      subscribe: (_, _args, ctx) => ctx.services.notifications.follow(requireViewer(ctx), ctx),
      resolve: ({ payload }: EventEnvelope<PayloadOf<typeof NotificationCreated>>) => toNotification(payload),
    },
  },
  Notification: {
    course: ({ courseId }) => (courseId === null ? null : { id: courseId }),
    aiJob: ({ aiJobId }) => (aiJobId === null ? null : { id: aiJobId }),
  },
};
