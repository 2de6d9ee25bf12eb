/**
 * The viewer's jobs, one query for each way of asking and request.
 */
import type { Viewer } from '@lyceum/contracts';
import { createLoader } from '@lyceum/subgraph-kit';
import type { Job } from './job.ts';
import type { JobsRepository } from './jobs.repository.ts';

export function createJobsLoaders(viewer: Viewer | null, jobs: JobsRepository) {
  return {
    jobById: createLoader<string, Job>('jobById', async (ids) => (viewer ? jobs.byIds(viewer.id, ids) : new Map())),
    jobsByLesson: createLoader<string, Job[]>('jobsByLesson', async (lessonIds) =>
      viewer ? jobs.byLessons(viewer.id, lessonIds) : new Map(),
    ),
  };
}

export type JobsLoaders = ReturnType<typeof createJobsLoaders>;
