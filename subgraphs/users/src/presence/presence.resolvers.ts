/**
 * Who is online.
 */
import { requireViewer } from '@lyceum/subgraph-kit';
import type { Resolvers } from '../__generated__/resolver-types.ts';
import type { PresenceChange } from './presence.service.ts';

export const presenceResolvers: Resolvers = {
  User: {
    presence: ({ id }, _args, { viewer, services }) => services.presence.of(viewer, id),
  },
  Subscription: {
    presenceChanged: {
      subscribe: (_, args, ctx) => requireViewer(ctx) && ctx.services.presence.follow(args, ctx),
      resolve: (change: PresenceChange) => change,
    },
  },
  Presence: {
    status: ({ isOnline }) => (isOnline ? 'ONLINE' : 'OFFLINE'),
  },
  PresenceChange: {
    user: ({ userId }, _args, { loaders }) => loaders.userById.load(userId),
  },
};
