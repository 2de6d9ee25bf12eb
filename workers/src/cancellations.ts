/**
 * Hears over Redis that a job was cancelled and aborts it where it runs.
 *
 * Only a wake-up: the row says CANCELLED already, so a lost message costs time (the job's next write changes nothing and
 * ends it), never a wrong result. Message: the job's id.
 */
import type { Logger, Redis, RedisKeys } from '@lyceum/service-kit';

/** The reason of the signal of a cancelled job. */
export class JobCancelled extends Error {
  override readonly name = 'JobCancelled';
}

export interface Cancellations {
  /** Watch before claiming the row, so that no cancellation falls in between. Stop when the job ended. */
  watch(jobId: string): { readonly signal: AbortSignal; stop(): void };
  close(): Promise<void>;
}

export function openCancellations(options: { subscriber: Redis; keys: RedisKeys; log: Logger }): Cancellations {
  const { subscriber, log } = options;
  const channel = options.keys.cancellations();
  const running = new Map<string, Set<AbortController>>();

  const onMessage = (from: string, jobId: string) => {
    if (from !== channel) return;
    for (const controller of running.get(jobId) ?? []) controller.abort(new JobCancelled());
  };
  subscriber.on('message', onMessage);
  // Waits while Redis is away and is repeated by the client after each reconnection.
  subscriber.subscribe(channel).catch((err: unknown) => log.warn({ err }, 'cancellations cannot be heard'));

  return {
    watch(jobId) {
      const controller = new AbortController();
      const watchers = running.get(jobId) ?? new Set();
      running.set(jobId, watchers.add(controller));
      return {
        signal: controller.signal,
        stop() {
          watchers.delete(controller);
          if (watchers.size === 0) running.delete(jobId);
        },
      };
    },
    async close() {
      subscriber.off('message', onMessage);
    },
  };
}
