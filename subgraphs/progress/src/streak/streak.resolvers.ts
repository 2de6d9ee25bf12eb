/**
 * A person's streak.
 */
import type { Resolvers } from '../__generated__/resolver-types.ts';

export const streakResolvers: Resolvers = {
  User: {
    streak: ({ id }, _args, { viewer, services }) => services.streaks.of(viewer, id),
  },
};
