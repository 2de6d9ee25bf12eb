/**
 * A person's settings.
 */
import { requireViewer } from '@lyceum/subgraph-kit';
import type { Resolvers } from '../__generated__/resolver-types.ts';

export const preferencesResolvers: Resolvers = {
  User: {
    preferences: (person, _args, { viewer, services }) => services.preferences.visibleTo(viewer, person),
  },
  Mutation: {
    updatePreferences: (_, { input }, ctx) => ctx.services.preferences.update(requireViewer(ctx), input),
  },
};
