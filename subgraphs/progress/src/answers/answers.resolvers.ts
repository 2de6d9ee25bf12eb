/**
 * Problems as the viewer has answered them.
 */
import { requireViewer } from '@lyceum/subgraph-kit';
import type { Resolvers } from '../__generated__/resolver-types.ts';

export const answersResolvers: Resolvers = {
  Mutation: {
    answerProblem: (_, { input }, ctx) => ctx.services.answers.answer(requireViewer(ctx), input.problemId, input),
  },
  ProblemBlock: {
    viewerAttempts: async ({ id }, _args, { loaders }) => (await loaders.attemptsByProblem.load(id)) ?? [],
    viewerSolution: ({ id }, _args, { loaders }) => loaders.solutionByProblem.load(id),
  },
  ProblemAttempt: {
    __resolveReference: ({ id }, { loaders }) => loaders.attemptById.load(id),
    problem: ({ problemId }) => ({ id: problemId }),
  },
};
