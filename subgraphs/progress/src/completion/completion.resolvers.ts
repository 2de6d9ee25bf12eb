/**
 * Lessons as the viewer has been through them.
 */
import { requireViewer } from '@lyceum/subgraph-kit';
import type { Resolvers } from '../__generated__/resolver-types.ts';

export const completionResolvers: Resolvers = {
  Mutation: {
    startLesson: (_, { lessonId }, ctx) => ctx.services.completion.start(requireViewer(ctx), lessonId),
    completeLesson: (_, { lessonId }, ctx) => ctx.services.completion.complete(requireViewer(ctx), lessonId),
  },
  Lesson: {
    viewerProgress: ({ id }, _args, { loaders }) => loaders.lessonProgress.load(id),
  },
  LessonProgress: {
    lesson: ({ lessonId }) => ({ id: lessonId }),
    state: ({ startedAt, completedAt }) => (completedAt ? 'COMPLETED' : startedAt ? 'STARTED' : 'NOT_STARTED'),
  },
};
