/**
 * Puts jobs back that no queue knows: their row has not ended, gave no sign of life for a while, and Redis, which may have
 * lost its memory, holds nothing of them. Also returns the reservations of cancelled jobs whose worker died.
 *
 * Harmless when wrong: the queue holds a job once, and the row's attempt decides whose result counts.
 */
import { RunAiJob } from '@lyceum/contracts';
import { type Clock, type Logger, type Metrics, sleep } from '@lyceum/service-kit';
import type { AiJobRepository } from '../processors/ai-job.repository.ts';
import type { JobQueues } from '../queues.ts';

export interface LostJobsReconcilerOptions {
  readonly jobs: AiJobRepository;
  readonly queues: JobQueues;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly everyMs: number;
  readonly silentForMs: number;
}

/** Jobs looked at per shard and round. */
const BATCH = 200;

export function startLostJobsReconciler(options: LostJobsReconcilerOptions): { stop(): Promise<void> } {
  const { jobs, queues, clock, log } = options;
  const stopping = new AbortController();
  const restored = options.metrics.counter({
    name: 'lost_jobs_restored_total',
    help: 'Jobs put back into a queue that had lost them.',
  });

  const round = async () => {
    const before = new Date(clock.now().getTime() - options.silentForMs);
    for (const jobId of await jobs.findSilent(before, BATCH)) {
      if (stopping.signal.aborted) return;
      const { queue, name, version } = RunAiJob;
      const wasLost = await queues.restore({ queue, name, version, key: jobId, payload: { jobId } });
      if (!wasLost) continue;
      restored.inc();
      log.warn({ jobId }, 'job was lost by its queue and put back');
    }
    for (const jobId of await jobs.findUnsettled(before, BATCH)) await jobs.releaseCancelled(jobId);
  };

  const run = async () => {
    while (!stopping.signal.aborted) {
      await round().catch((err: unknown) => log.warn({ err }, 'lost jobs could not be looked for'));
      // Jitter keeps the workers from looking all at once.
      await sleep(options.everyMs * (0.75 + Math.random() / 2), stopping.signal);
    }
  };
  const running = run();

  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
