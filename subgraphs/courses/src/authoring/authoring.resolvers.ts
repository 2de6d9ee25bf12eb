/**
 * What instructors do with courses.
 */
import type { Resolvers } from '../__generated__/resolver-types.ts';

export const authoringResolvers: Resolvers = {
  Mutation: {
    createCourse: (_, { input }, { services }) => services.authoring.create(input),
    updateCourse: (_, { input }, { services }) => services.authoring.update(input.courseId, input),
    publishCourse: (_, { courseId }, { services }) => services.authoring.publish(courseId),
    withdrawCourse: (_, { courseId }, { services }) => services.authoring.withdraw(courseId),
  },
  CreateCourseResult: {
    __resolveType: (result) => ('message' in result ? 'SlugTaken' : 'Course'),
  },
};
