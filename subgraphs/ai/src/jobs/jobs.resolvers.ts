/**
 * Jobs of the viewer: reading, asking for one, cancelling.
 */
import { requireViewer } from '@lyceum/subgraph-kit';
import type { Resolvers } from '../__generated__/resolver-types.ts';
import type { Job } from './job.ts';

/** What a request led to names itself if it is no job. */
const outcomeType = <Name extends string>(outcome: Partial<Job> | { readonly refusal?: Name }) =>
  ('refusal' in outcome && outcome.refusal) || 'AiJob';
const resultTypes = { QUIZ: 'QuizResult', SUMMARY: 'SummaryResult', EXPLANATION: 'ExplanationResult' } as const;

export const jobsResolvers: Resolvers = {
  Query: {
    aiJob: (_, { id }, { loaders }) => loaders.jobById.load(id),
    aiJobs: (_, { state, ...args }, ctx) => ctx.services.jobs.page(requireViewer(ctx), args, state ?? null),
  },
  Mutation: {
    generateQuiz: (_, { input }, ctx) => ctx.services.requests.generateQuiz(requireViewer(ctx), input),
    summarizeLesson: (_, { input }, ctx) => ctx.services.requests.summarizeLesson(requireViewer(ctx), input),
    explainAnswer: (_, { input }, ctx) => ctx.services.requests.explainAnswer(requireViewer(ctx), input),
    cancelAiJob: (_, { id }, ctx) => ctx.services.jobs.cancel(requireViewer(ctx), id),
  },
  GenerateQuizResult: { __resolveType: outcomeType },
  SummarizeLessonResult: { __resolveType: outcomeType },
  ExplainAnswerResult: { __resolveType: outcomeType },
  AiResult: { __resolveType: ({ kind }) => resultTypes[kind!] },
  AiJob: {
    __resolveReference: ({ id }, { loaders }) => loaders.jobById.load(id),
    learner: ({ learnerId }) => ({ id: learnerId }),
    lesson: ({ lessonId }) => ({ id: lessonId }),
    result: ({ output }) => output,
    failure: ({ failureCode, failureMessage }) =>
      failureCode === null ? null : { code: failureCode, message: failureMessage ?? '' },
    usage: ({ promptTokens, completionTokens }) =>
      promptTokens === null || completionTokens === null ? null : { promptTokens, completionTokens },
  },
  Lesson: {
    viewerAiJobs: async ({ id }, _args, { loaders }) => (await loaders.jobsByLesson.load(id)) ?? [],
  },
};
