/**
 * Reading and cancelling jobs.
 */
import { type AiJobState, AiJobUpdated, type Viewer } from '@lyceum/contracts';
import { type Clock, notFound } from '@lyceum/service-kit';
import { type Connection, CursorPart, loadConnection, type PageArgs } from '@lyceum/subgraph-kit';
import { z } from 'zod';
import type { BudgetRepository } from '../budget/budget.repository.ts';
import { dayOf } from '../budget/day.ts';
import type { Session } from '../resources.ts';
import { eventOf, hasEnded, type Job } from './job.ts';
import type { JobPosition, JobsRepository } from './jobs.repository.ts';

export interface JobsServiceOptions {
  readonly session: Session;
  readonly jobs: JobsRepository;
  readonly budgets: BudgetRepository;
  /** Tells the worker that may be at it. Best effort: a worker that does not hear it cannot write its result either. */
  readonly announceCancellation: (jobId: string) => Promise<void>;
  readonly clock: Clock;
}

const newestFirst = {
  cursor: z.tuple([CursorPart.instant, CursorPart.id]).transform(([createdAt, id]): JobPosition => ({ createdAt, id })),
  partsOf: ({ createdAt, id }: JobPosition) => [createdAt, id],
};

export function createJobsService({ session, jobs, budgets, announceCancellation, clock }: JobsServiceOptions) {
  return {
    /** Newest first. Throws BAD_USER_INPUT naming `first` or `after`. */
    page(viewer: Viewer, args: PageArgs, state: AiJobState | null): Promise<Connection<Job>> {
      return loadConnection(args, newestFirst, (after, limit) => jobs.page(viewer.id, limit, after, state));
    },

    /**
     * Idempotent: a job that has ended is returned as it is. Throws AI_JOB_NOT_FOUND.
     *
     * A job that never ran gives its reservation back. That of one that runs stays with it: the worker that runs it knows
     * what was used and settles; if that worker is gone, another settles in its place.
     */
    async cancel(viewer: Viewer, id: string): Promise<Job> {
      const { job, changed } = await session.transaction(viewer.id, async (tx) => {
        const before = await jobs.lock(tx, viewer.id, id);
        if (!before) throw notFound('AI_JOB_NOT_FOUND');
        if (hasEnded(before.state)) return { job: before, changed: false };
        const returned = before.state === 'QUEUED' ? before.reservedTokens : 0;
        const after = await jobs.cancel(tx, before, returned, clock.now());
        await budgets.reserve(tx, viewer.id, dayOf(before.createdAt), -returned);
        await tx.outbox.add(AiJobUpdated, eventOf(after));
        return { job: after, changed: true };
      });
      if (changed) await announceCancellation(job.id);
      return job;
    },
  };
}

export type JobsService = ReturnType<typeof createJobsService>;
