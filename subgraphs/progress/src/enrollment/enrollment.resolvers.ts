/**
 * Enrolments, and a course as the viewer stands in it.
 */
import { requireViewer } from '@lyceum/subgraph-kit';
import type { Resolvers } from '../__generated__/resolver-types.ts';
import type { Enrollment } from './enrollment.ts';

const unlessLeft = (enrollment: Enrollment | null) => (enrollment?.status === 'WITHDRAWN' ? null : enrollment);

export const enrollmentResolvers: Resolvers = {
  Query: {
    enrollment: (_, { id }, { loaders }) => loaders.enrollmentById.load(id),
  },
  Mutation: {
    enroll: (_, { courseId }, ctx) => ctx.services.enrollment.enroll(requireViewer(ctx), courseId),
    withdraw: (_, { courseId }, ctx) => ctx.services.enrollment.withdraw(requireViewer(ctx), courseId),
  },
  EnrollResult: {
    __resolveType: (result) => ('message' in result ? 'CourseNotAvailable' : 'Enrollment'),
  },
  Enrollment: {
    __resolveReference: ({ id }, { loaders }) => loaders.enrollmentById.load(id),
    learner: ({ learnerId }) => ({ id: learnerId }),
    course: ({ courseId }) => ({ id: courseId }),
    progress: (enrollment) => enrollment,
  },
  User: {
    enrollments: ({ id }, { status, ...args }, { viewer, services }) =>
      services.enrollment.page(viewer, id, args, status ?? null),
  },
  Course: {
    viewerEnrollment: ({ id }, _args, { loaders }) => loaders.enrollmentByCourse.load(id),
    viewerProgress: async ({ id }, _args, { loaders }) => unlessLeft(await loaders.enrollmentByCourse.load(id)),
  },
};
