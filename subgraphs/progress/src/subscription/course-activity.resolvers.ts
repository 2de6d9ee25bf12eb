/**
 * `courseActivity`: values come from the event; the course and the lesson are references that the gateway completes.
 */
import type { Resolvers } from '../__generated__/resolver-types.ts';
import type { CourseActivity } from './course-activity.service.ts';

export const courseActivityResolvers: Resolvers = {
  Subscription: {
    courseActivity: {
      subscribe: (_, { courseId }, ctx) => ctx.services.courseActivity.follow(courseId, ctx),
      resolve: (activity: CourseActivity) => activity,
    },
  },
  CourseActivity: {
    kind: ({ payload }) => payload.kind,
    course: ({ payload }) => ({ id: payload.courseId }),
    lesson: ({ payload }) => (payload.lessonId === null ? null : { id: payload.lessonId }),
    occurredAt: ({ occurredAt }) => occurredAt,
  },
};
