/**
 * Keeps the months of partitioned tables ahead of time and detaches old ones by policy: at the start, then once a day.
 *
 * Every worker asks; per shard one at a time works, by a lock in the database, and who comes second finds nothing to do.
 * A failure is tried again sooner: rows of a month without a partition have the default one to go to meanwhile.
 */
import { backOffMs, type Clock, type Logger, type Metrics, sleep } from '@lyceum/service-kit';
import type { PartitionedShard } from '../resources.ts';

export interface PartitionsReconcilerOptions {
  /** Asked in each round: shards may join. */
  readonly shards: () => readonly PartitionedShard[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly everyMs: number;
}

const AFTER_FAILURE = { baseMs: 1_000, maxMs: 60 * 60 * 1_000 };

export function startPartitionsReconciler(options: PartitionsReconcilerOptions): { stop(): Promise<void> } {
  const { clock, log } = options;
  const stopping = new AbortController();
  const monthsAhead = options.metrics.gauge({
    name: 'partition_months_ahead',
    help: 'Months after the current one that have a partition, when they were last looked after.',
    labelNames: ['domain', 'shard', 'table'],
  });

  const look = async ({ domain, shard, maintain }: PartitionedShard): Promise<void> => {
    const tables = (await maintain(clock.now(), stopping.signal)) ?? [];
    for (const { table, made, detached, monthsAhead: ahead } of tables) {
      monthsAhead.set({ domain, shard, table }, ahead);
      if (made > 0) log.info({ domain, shard, table, made }, 'partitions made');
      if (detached.length > 0) log.info({ domain, shard, table, detached }, 'partitions detached');
    }
  };

  /** Every shard is tried, whatever befalls another. */
  const round = async (): Promise<boolean> => {
    let isDone = true;
    for (const shard of options.shards()) {
      if (stopping.signal.aborted) break;
      await look(shard).catch((err: unknown) => {
        isDone = false;
        log.warn({ err, domain: shard.domain, shard: shard.shard }, 'partitions could not be looked after');
      });
    }
    return isDone;
  };

  const run = async () => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const isDone = await round();
      failures = isDone ? 0 : failures + 1;
      // Jitter keeps the workers from looking all at once.
      const regular = options.everyMs * (0.75 + Math.random() / 2);
      const waitMs = failures === 0 ? regular : AFTER_FAILURE.baseMs + backOffMs(failures, AFTER_FAILURE);
      await sleep(waitMs, stopping.signal);
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
