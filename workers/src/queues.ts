/**
 * The producing side of BullMQ: puts jobs into queues, and puts back those that a queue has lost.
 *
 * A job's id is its key, so the same job is in a queue once however often it is added. The bounds on what stays after a
 * job ended keep Redis small; the truth about a job is its row in the database.
 */
import { type Redis, type RedisKeys, withTimeout } from '@lyceum/service-kit';
import { Queue } from 'bullmq';

export interface QueuedJob {
  readonly queue: string;
  readonly name: string;
  readonly version: number;
  readonly key: string;
  readonly payload: unknown;
}

/** What lies in Redis as a job's data. */
export interface JobData {
  readonly version: number;
  readonly payload: unknown;
}

export interface JobQueues {
  /** Does nothing if the job is in the queue, or ended there not long ago. Throws while Redis is away. */
  add(job: QueuedJob): Promise<void>;
  /** Adds the job unless it waits or runs. Returns whether it was lost. */
  restore(job: QueuedJob): Promise<boolean>;
  close(): Promise<void>;
}

const ADD_TIMEOUT_MS = 5_000;
/** The database bounds a job's attempts; this only keeps a job that the database never sees from going round for ever. */
const QUEUE_ATTEMPTS = 12;
const HOUR = 60 * 60;

export function createJobQueues(options: { redis: Redis; keys: RedisKeys; retryMs: number }): JobQueues {
  const queues = new Map<string, Queue<JobData>>();
  const queueOf = (name: string): Queue<JobData> => {
    const known = queues.get(name);
    if (known) return known;
    const queue = new Queue<JobData>(name, {
      connection: options.redis,
      prefix: options.keys.queuePrefix(),
      defaultJobOptions: {
        attempts: QUEUE_ATTEMPTS,
        backoff: { type: 'exponential', delay: options.retryMs, jitter: 0.5 },
        removeOnComplete: { age: HOUR, count: 1_000 },
        removeOnFail: { age: 7 * 24 * HOUR, count: 5_000 },
      },
    });
    // Each failed command also rejects where it was called.
    queue.on('error', () => {});
    queues.set(name, queue);
    return queue;
  };

  const add = async ({ queue, name, version, key, payload }: QueuedJob) => {
    await withTimeout(queueOf(queue).add(name, { version, payload }, { jobId: key }), ADD_TIMEOUT_MS, `adding ${name}`);
  };

  return {
    add,
    async restore(job) {
      const queue = queueOf(job.queue);
      const state = await withTimeout(queue.getJobState(job.key), ADD_TIMEOUT_MS, `looking for ${job.name}`);
      if (state === 'completed' || state === 'failed') await queue.remove(job.key);
      else if (state !== 'unknown') return false;
      await add(job);
      return true;
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}
