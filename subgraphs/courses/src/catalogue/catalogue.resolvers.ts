/**
 * Courses in the graph: by id, by slug, as lists, and as what a person teaches.
 */
import type { Resolvers } from '../__generated__/resolver-types.ts';

export const catalogueResolvers: Resolvers = {
  Query: {
    course: (_, { id }, { loaders }) => loaders.courseById.load(id),
    courseBySlug: (_, { slug }, { services }) => services.catalogue.courseBySlug(slug),
    courses: (_, args, { services }) => services.catalogue.list(args),
  },
  Course: {
    __resolveReference: ({ id }, { loaders }) => loaders.courseById.load(id),
    tags: (course) => [...course.tags],
    instructors: (course) => course.instructorIds.map((id) => ({ id })),
    blockCounts: (course) => ({
      text: course.textBlockCount,
      video: course.videoBlockCount,
      problem: course.problemBlockCount,
    }),
  },
  User: {
    __resolveReference: ({ id }) => ({ id }),
    taughtCourses: ({ id }, args, { services }) => services.catalogue.taughtBy(id, args),
  },
};
