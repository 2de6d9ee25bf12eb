/**
 * The list of people who teach.
 */
import type { Resolvers } from '../__generated__/resolver-types.ts';

export const instructorsResolvers: Resolvers = {
  Query: {
    instructors: (_, args, { services }) => services.instructors.page(args),
  },
};
