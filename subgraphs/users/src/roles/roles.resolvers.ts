/**
 * Roles of people.
 */
import { requireViewer } from '@lyceum/subgraph-kit';
import type { Resolvers } from '../__generated__/resolver-types.ts';

export const rolesResolvers: Resolvers = {
  Mutation: {
    setRoles: (_, { input }, ctx) => ctx.services.roles.set(requireViewer(ctx), input),
  },
};
