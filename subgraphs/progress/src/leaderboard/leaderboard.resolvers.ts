/**
 * Leaderboards of a course, the viewer's place on them, and their changes; learners are references that the gateway
 * completes.
 */
import type { Resolvers } from '../__generated__/resolver-types.ts';
import type { BoardChange } from './board-changes.service.ts';

export const leaderboardResolvers: Resolvers = {
  Course: {
    leaderboard: ({ id }, { window, first }, { services }) => services.leaderboards.top(id, window, first),
    viewerStanding: ({ id }, { window, neighbours }, { viewer, services }) =>
      services.leaderboards.standing(viewer, id, window, neighbours),
  },
  Subscription: {
    leaderboardChanged: {
      subscribe: (_, { courseId, window }, ctx) => ctx.services.boardChanges.follow(courseId, window, ctx),
      resolve: ({ board }: BoardChange) => board,
    },
  },
  Leaderboard: {
    course: ({ courseId }) => ({ id: courseId }),
  },
  LeaderboardEntry: {
    learner: ({ learnerId }) => ({ id: learnerId }),
  },
};
