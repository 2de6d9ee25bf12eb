/**
 * What a person did.
 */
import type { Resolvers } from '../__generated__/resolver-types.ts';

export const activityResolvers: Resolvers = {
  User: {
    activity: ({ id }, args, { viewer, services }) => services.activity.page(viewer, id, args),
  },
  Activity: {
    course: ({ courseId }) => ({ id: courseId }),
    lesson: ({ lessonId }) => (lessonId === null ? null : { id: lessonId }),
  },
};
