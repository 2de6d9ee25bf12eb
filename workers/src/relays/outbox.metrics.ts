/**
 * What is counted of the outboxes: what this worker sent, and what waits in the databases. The latter is asked when the
 * metrics are read, and is the same from every worker.
 */
import { type Logger, type Metrics, withTimeout } from '@lyceum/service-kit';
import type { OutboxReader } from '../resources.ts';

const LABELS = ['domain', 'shard'] as const;
const READ_MS = 2_000;

export function createOutboxMetrics(metrics: Metrics, readers: readonly OutboxReader[], log: Logger) {
  watchBacklogs(metrics, readers, log);
  const counter = (name: string, help: string) => metrics.counter({ name, help, labelNames: [...LABELS] });
  return {
    published: counter('outbox_published_total', 'Outbox messages that left a database.'),
    failures: counter('outbox_failures_total', 'Batches of which something could not be sent and is tried again.'),
    dead: counter('outbox_dead_letters_total', 'Outbox messages that were refused too often and were put aside.'),
  };
}

function watchBacklogs(metrics: Metrics, readers: readonly OutboxReader[], log: Logger): void {
  let reading: Promise<void> | undefined;
  // All gauges are asked at once, and share one reading.
  const collect = () => {
    reading ??= readAll().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const gauge = (name: string, help: string) => metrics.gauge({ name, help, labelNames: [...LABELS], collect });
  const waiting = gauge('outbox_waiting', 'Messages that wait in an outbox, counted up to 100,000.');
  const oldest = gauge('outbox_oldest_seconds', 'Since the oldest message that waits was committed; 0 if none waits.');
  const dead = gauge('outbox_dead_letters', 'Messages that lie with the dead letters, counted up to 100,000.');

  async function read(reader: OutboxReader, shard: string): Promise<void> {
    const labels = { domain: reader.domain, shard };
    try {
      const backlog = await withTimeout(reader.backlog(shard), READ_MS, 'reading a backlog');
      waiting.set(labels, backlog.waiting);
      oldest.set(labels, backlog.oldestSeconds ?? 0);
      dead.set(labels, backlog.deadLetters);
    } catch (err) {
      log.debug({ err, ...labels }, 'a backlog cannot be read');
      // No figure is better than one of a time that is gone.
      for (const each of [waiting, oldest, dead]) each.remove(labels);
    }
  }

  async function readAll(): Promise<void> {
    await Promise.all(readers.flatMap((reader) => reader.shards.map((shard) => read(reader, shard))));
  }
}
