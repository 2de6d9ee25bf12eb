/**
 * `progressUpdated`: values come from the event, so that each update shows the moment of its change; the learner, the
 * course and the lesson are references that the gateway completes.
 */
import { requireViewer } from '@lyceum/subgraph-kit';
import type { Resolvers } from '../__generated__/resolver-types.ts';
import type { ProgressUpdate } from './updates.service.ts';

export const updatesResolvers: Resolvers = {
  Subscription: {
    progressUpdated: {
      subscribe: (_, { courseId, snapshot }, ctx) =>
        ctx.services.updates.follow(requireViewer(ctx), { courseId: courseId ?? null, snapshot }, ctx),
      resolve: (update: ProgressUpdate) => update,
    },
  },
  ProgressUpdate: {
    reason: ({ payload }) => payload.reason,
    learner: ({ payload }) => ({ id: payload.learnerId }),
    course: ({ payload }) => ({ id: payload.courseId }),
    lesson: ({ payload }) => (payload.lessonId === null ? null : { id: payload.lessonId }),
    progress: ({ payload }) => payload,
    occurredAt: ({ occurredAt }) => occurredAt,
  },
};
