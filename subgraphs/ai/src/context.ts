/**
 * What a resolver is given: the viewer, and services and loaders made for this one request, or one event of a
 * subscription.
 *
 * Made afresh each time, so that no row read for one viewer is handed to another, and that all reads of a request see
 * what its viewer wrote before.
 */
import { AiJobUpdated } from '@lyceum/contracts';
import type { BaseContext, ContextSource } from '@lyceum/subgraph-kit';
import { budgetRepository } from './budget/budget.repository.ts';
import { createJobsLoaders, type JobsLoaders } from './jobs/jobs.loaders.ts';
import { createJobsRepository } from './jobs/jobs.repository.ts';
import { createJobsService, type JobsService } from './jobs/jobs.service.ts';
import { createRequestsService, type RequestsService } from './jobs/requests.service.ts';
import { createLessonSource } from './lessons/lesson.source.ts';
import type { Resources } from './resources.ts';
import { createJobUpdatesService, type JobUpdatesService } from './subscription/job-updates.service.ts';

export interface AiContext extends BaseContext {
  readonly services: {
    readonly requests: RequestsService;
    readonly jobs: JobsService;
    readonly updates: JobUpdatesService;
  };
  readonly loaders: JobsLoaders;
}

export function createContext(resources: Resources, source: ContextSource): AiContext {
  const { cache, claimsSecret, clock, database, gatewayUrl, keys, models, topics } = resources;
  const { viewer, requestId, signal, log, positions, envelope } = source;
  const session = database.session(viewer?.id ?? null, positions, envelope && 'realtime');
  const jobs = createJobsRepository(session);
  const shared = { session, jobs, budgets: budgetRepository, clock };
  return {
    ...source,
    services: {
      requests: createRequestsService({
        ...shared,
        lessons: createLessonSource({ gatewayUrl, claimsSecret, viewer, requestId, signal, log }),
        tokensPerDay: () => models.current.budget.tokensPerLearnerPerDay,
      }),
      jobs: createJobsService({
        ...shared,
        announceCancellation: async (jobId) => {
          await cache.publish(keys.cancellations(), jobId).catch((err: unknown) => {
            log.warn({ err, jobId }, 'cancellation was not announced');
          });
        },
      }),
      updates: createJobUpdatesService({
        topics,
        // Without Redis nothing is known of the stream: the row speaks.
        hasStream: (jobId) => cache.exists(keys.liveStream(AiJobUpdated.name, jobId)).then(Boolean, () => false),
        readJobs: () => createJobsRepository(database.session(viewer?.id ?? null, positions, 'realtime')),
      }),
    },
    loaders: createJobsLoaders(viewer, jobs),
  };
}
