/**
 * People, as everybody and as they themselves see them.
 */
import { requireViewer } from '@lyceum/subgraph-kit';
import type { Resolvers } from '../__generated__/resolver-types.ts';
import { seesPrivateFields } from './person.ts';

export const profilesResolvers: Resolvers = {
  Query: {
    viewer: (_, _args, { viewer, loaders }) => viewer && loaders.userById.load(viewer.id),
    user: (_, { id }, { loaders }) => loaders.userById.load(id),
  },
  Mutation: {
    updateProfile: (_, { input }, ctx) => ctx.services.profiles.update(requireViewer(ctx), input),
  },
  User: {
    __resolveReference: ({ id }, { loaders }) => loaders.userById.load(id),
    email: (person, _args, { viewer }) => (seesPrivateFields(viewer, person) ? person.email : null),
    roles: (person, _args, { viewer }) => (seesPrivateFields(viewer, person) ? [...person.roles] : null),
  },
};
