/**
 * `aiJobUpdated`: state, percentage and text come from the event; the job is read anew and is never older than it.
 */
import { notFound } from '@lyceum/service-kit';
import { requireViewer } from '@lyceum/subgraph-kit';
import type { Resolvers } from '../__generated__/resolver-types.ts';
import type { JobUpdate } from './job-updates.service.ts';

export const jobUpdatesResolvers: Resolvers = {
  Subscription: {
    aiJobUpdated: {
      subscribe: (_, { id }, ctx) => ctx.services.updates.follow(requireViewer(ctx), id, ctx),
      resolve: (update: JobUpdate) => update,
    },
  },
  AiJobUpdate: {
    job: async ({ job, payload }, _args, { loaders }) => {
      const current = job ?? (await loaders.jobById.load(payload.jobId));
      if (!current) throw notFound('AI_JOB_NOT_FOUND');
      return current;
    },
    state: ({ payload }) => payload.state,
    percentage: ({ payload }) => payload.percentage,
    attempt: ({ payload }) => payload.attempt,
    tokenDelta: ({ payload }) => payload.tokenDelta,
    occurredAt: ({ occurredAt }) => occurredAt,
  },
};
