/**
 * What people do at a topic right now.
 */
import { requireViewer } from '@lyceum/subgraph-kit';
import type { Resolvers } from '../__generated__/resolver-types.ts';
import type { Signal } from './signal.ts';

export const signalsResolvers: Resolvers = {
  Mutation: {
    sendSignal: (_, { input }, ctx) => ctx.services.signals.send(requireViewer(ctx), input),
  },
  Subscription: {
    signals: {
      subscribe: (_, args, ctx) => requireViewer(ctx) && ctx.services.signals.follow(args, ctx),
      resolve: (signal: Signal) => signal,
    },
  },
  Signal: {
    user: ({ userId }, _args, { loaders }) => loaders.userById.load(userId),
  },
};
