/**
 * Settles claims in the directories whose process died between claim and write, or between write and confirmation: those
 * whose owner never appeared are released, the others confirmed.
 *
 * Without it such a value would stay taken until somebody wants it and finds the claim old. Several workers may sweep at
 * once: each claim is settled under a lock, once.
 */
import { type Logger, type Metrics, sleep } from '@lyceum/service-kit';
import type { Directories } from '../resources.ts';

export interface AbandonedClaimsReconcilerOptions {
  readonly directories: Directories;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly everyMs: number;
}

export function startAbandonedClaimsReconciler(o: AbandonedClaimsReconcilerOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const settled = o.metrics.counter({
    name: 'directory_claims_settled_total',
    help: 'Old unconfirmed claims by what became of them; those left are looked at again.',
    labelNames: ['domain', 'outcome'],
  });

  const sweep = async ({ domain, directory }: Directories[number], shard: string) => {
    try {
      const counts = await directory.sweep(shard, { signal: stopping.signal });
      for (const [outcome, count] of Object.entries(counts)) settled.inc({ domain, outcome }, count);
      if (counts.released > 0) o.log.info({ domain, shard, ...counts }, 'abandoned claims were released');
    } catch (err) {
      o.log.warn({ err, domain, shard }, 'abandoned claims could not be looked for');
    }
  };

  const run = async () => {
    while (!stopping.signal.aborted) {
      // Jitter keeps the workers from looking all at once.
      await sleep(o.everyMs * (0.75 + Math.random() / 2), stopping.signal);
      for (const database of o.directories) {
        for (const shard of database.shards) if (!stopping.signal.aborted) await sweep(database, shard);
      }
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
