/**
 * Boot environment of the workers. The only file here that reads process.env.
 */
import { type Environment, loadEnv, Port, ServiceEnv } from '@lyceum/service-kit';
import { z } from 'zod';

const milliseconds = z.coerce.number().int().positive();

export const WorkerEnv = ServiceEnv.extend({
  /** Health and metrics only. */
  PORT: Port.default(4005),
  /** Whose outboxes this worker relays, and whose abandoned claims it settles. */
  RELAY_DOMAINS: z
    .string()
    .default('users,courses,progress,ai')
    .transform((list) => list.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(['users', 'courses', 'progress', 'ai']))),
  /** Jobs at once. They wait for models, not for this CPU. */
  WORKER_CONCURRENCY: z.coerce.number().int().min(1).max(200).default(8),
  /** A worker that does not renew its lock for so long is taken for dead. */
  WORKER_LOCK_MS: milliseconds.default(30_000),
  /** How often the jobs of dead workers are looked for. */
  WORKER_STALLED_MS: milliseconds.default(15_000),
  /** The longest wait before the second try; doubles from there. */
  WORKER_RETRY_MS: milliseconds.default(1_000),
  /** How long running jobs may take to end after SIGTERM before they are handed to another worker. */
  WORKER_DRAIN_MS: milliseconds.default(8_000),
  AI_JOB_TIMEOUT_MS: milliseconds.default(180_000),
  /** Runs of one job in all, crashes included. */
  AI_JOB_MAX_ATTEMPTS: z.coerce.number().int().min(1).max(10).default(4),
  /** How often jobs that no queue knows are looked for, and how long they must have been silent. */
  RECONCILE_EVERY_MS: milliseconds.default(15_000),
  RECONCILE_AFTER_MS: milliseconds.default(30_000),
  /** How often values are looked for that were claimed by a process that died. */
  SWEEP_CLAIMS_EVERY_MS: milliseconds.default(30_000),
  /** How often the months of partitioned tables are looked after. */
  PARTITIONS_EVERY_MS: milliseconds.default(24 * 60 * 60 * 1_000),
});
export type WorkerEnv = z.output<typeof WorkerEnv>;

export interface WorkerConfig extends WorkerEnv {
  /** For what is looked up by a name in a policy or a domain: DATABASE_URL_*, and what config/models.yaml names. */
  readonly environment: Environment;
}

export function readConfig(): WorkerConfig {
  return { ...loadEnv(WorkerEnv, process.env), environment: process.env };
}
