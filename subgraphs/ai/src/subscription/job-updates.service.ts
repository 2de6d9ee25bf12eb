/**
 * What happens to a job: what its stream still holds, or holds behind a cursor, then what comes, until the job has ended.
 *
 * The row is the truth and the stream may lose entries (it expires after a day, and Redis may lose its last second), so
 * the row is asked whenever the stream is silent: at the start, and after each pause. Nobody waits for an end for ever.
 */
import { randomUUID } from 'node:crypto';
import { AiJobUpdated, type EventEnvelope, type PayloadOf, type Viewer } from '@lyceum/contracts';
import { notFound, sleep } from '@lyceum/service-kit';
import type { Subscriber } from '@lyceum/subgraph-kit';
import { eventOf, hasEnded, type Job } from '../jobs/job.ts';
import type { JobsRepository } from '../jobs/jobs.repository.ts';
import type { Resources } from '../resources.ts';

type Payload = PayloadOf<typeof AiJobUpdated>;

/** An event of the stream, or a snapshot of the row, which then comes with it. */
export type JobUpdate = EventEnvelope<Payload> & { readonly job?: Job };

/** After so long without an event the row is asked. Shorter after an event of a job that had ended when it was first looked at. */
const silenceMs = { active: 5_000, ended: 500 };

export interface JobUpdatesServiceOptions {
  readonly topics: Resources['topics'];
  /** Whether the job's stream exists. */
  readonly hasStream: (jobId: string) => Promise<boolean>;
  /** A session of its own for each look: a long subscription must not keep what it knew at its start. */
  readonly readJobs: () => JobsRepository;
}

export function createJobUpdatesService({ topics, hasStream, readJobs }: JobUpdatesServiceOptions) {
  const read = (viewer: Viewer, jobId: string) => readJobs().byId(viewer.id, jobId, 'primary');

  async function* updates(viewer: Viewer, known: Job, { resume, signal }: Subscriber): AsyncGenerator<JobUpdate, void> {
    const events = topics.subscribe(AiJobUpdated, known.id, { from: 'start', resume, signal });
    let silence = silenceMs.active;
    let snapshot: Job | null = null;
    try {
      if (!(await hasStream(known.id))) {
        snapshot = known;
        yield snapshotOf(known);
        if (hasEnded(known.state)) return;
      }
      for (let next = events.next(); ; next = events.next()) {
        let step = await orSilence(next, silence, signal);
        while (step === 'silence') {
          const job = await read(viewer, known.id);
          if (!job) return;
          if (hasEnded(job.state)) return yield snapshotOf(job);
          step = await orSilence(next, silence, signal);
        }
        if (step.done) return;
        if (hasEnded(known.state)) silence = silenceMs.ended;
        const update = step.value;
        if (snapshot && isIn(snapshot, update.payload)) continue;
        yield update;
        if (hasEnded(update.payload.state)) return;
      }
    } finally {
      await events.return?.();
    }
  }

  return {
    /** Throws AI_JOB_NOT_FOUND, for another's job too, before anything is followed. */
    async follow(viewer: Viewer, jobId: string, subscriber: Subscriber): Promise<AsyncIterable<JobUpdate>> {
      const job = await read(viewer, jobId);
      if (!job) throw notFound('AI_JOB_NOT_FOUND');
      return updates(viewer, job, subscriber);
    },
  };
}

export type JobUpdatesService = ReturnType<typeof createJobUpdatesService>;

async function orSilence<T>(next: Promise<T>, ms: number, signal: AbortSignal): Promise<T | 'silence'> {
  const ended = new AbortController();
  const silence = sleep(ms, AbortSignal.any([ended.signal, signal])).then((): T | 'silence' | Promise<T> =>
    signal.aborted ? next : 'silence',
  );
  try {
    return await Promise.race([next, silence]);
  } finally {
    ended.abort();
  }
}

function snapshotOf(job: Job): JobUpdate {
  return {
    id: randomUUID(),
    name: AiJobUpdated.name,
    version: AiJobUpdated.version,
    key: job.id,
    occurredAt: (job.finishedAt ?? job.updatedAt).toISOString(),
    positions: {},
    payload: eventOf(job),
    job,
  };
}

const order = { QUEUED: 0, RUNNING: 1, SUCCEEDED: 2, FAILED: 2, CANCELLED: 2 } as const;

/** Whether a snapshot already told what this event tells. Text is never in a snapshot. */
function isIn(snapshot: Job, event: Payload): boolean {
  if (event.tokenDelta !== null || event.attempt > snapshot.attempt) return false;
  if (event.attempt < snapshot.attempt) return true;
  const later = order[event.state] - order[snapshot.state];
  return later < 0 || (later === 0 && event.percentage <= snapshot.percentage);
}
