/**
 * Refreshing and ending sessions.
 */
import type { Resolvers } from '../__generated__/resolver-types.ts';

export const sessionsResolvers: Resolvers = {
  Mutation: {
    refreshSession: (_, { refreshToken }, { services }) => services.sessions.refresh(refreshToken),
    signOut: (_, _args, { services, viewer }) => services.sessions.end(viewer),
  },
  RefreshSessionResult: { __resolveType: ({ outcome }) => outcome },
  InvalidRefreshToken: { message: () => 'The session has ended. Sign in again.' },
};
