/**
 * Sends one batch of outbox rows: events to Redis streams, jobs to queues. Rows of one key go one after the other, keys
 * side by side.
 *
 * A row that Redis refuses while it is well is poison: after `MAX_TRIES` it goes to the dead letters and the rows behind
 * it go on. While Redis is away nobody is to blame and nothing is counted.
 */
import type { EventEnvelope } from '@lyceum/contracts';
import { checkRedis, type Logger, publishEnvelope, type Redis, type RedisKeys } from '@lyceum/service-kit';
import type { JobQueues } from '../queues.ts';
import type { OutboxRow } from '../resources.ts';

export interface OutboxPublisherOptions {
  /** Of role `publisher`. */
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly queues: JobQueues;
  readonly log: Logger;
  readonly onDeadLetter: () => void;
}

export interface OutboxPublisher {
  /** Resolves when every row is out or given up; throws if the batch must be tried again. */
  publish(rows: readonly OutboxRow[], positions: Record<string, string>): Promise<void>;
}

const MAX_TRIES = 8;
const DEAD_LETTERS = 10_000;

/** Redis is well and refuses a row: worth another try soon, and then no more. */
export class MessageRefused extends Error {
  override readonly name = 'MessageRefused';
}

/** Names the group in the dead-letter streams of the key module. */
const GROUP = 'outbox';

export function createOutboxPublisher(options: OutboxPublisherOptions): OutboxPublisher {
  const { redis, keys, queues, log } = options;
  // A batch is deleted as a whole: what went out before one of its rows failed is not sent again by this process.
  const sent = new Set<string>();
  const tries = new Map<string, number>();

  const send = async (row: OutboxRow, positions: Record<string, string>) => {
    if (row.kind === 'job') {
      if (row.queue === null) throw new Error('A job without a queue');
      const { queue, name, version, key, payload } = row;
      await queues.add({ queue, name, version, key, payload });
      return;
    }
    if (row.delivery === null) throw new Error('An event without a delivery');
    const { id, name, version, key, occurredAt, payload } = row;
    const envelope: EventEnvelope = { id, name, version, key, occurredAt, positions, payload };
    await publishEnvelope(redis, keys, envelope, row.delivery);
  };

  const bury = async (row: OutboxRow, err: unknown) => {
    const reason = String(err).slice(0, 1_000);
    const stream = keys.deadLetters(row.name, GROUP);
    await redis.xadd(stream, 'MAXLEN', '~', DEAD_LETTERS, '*', 'e', JSON.stringify(row), 'reason', reason);
    options.onDeadLetter();
    log.error({ err, messageId: row.id, name: row.name, key: row.key }, 'outbox message moved to the dead letters');
  };

  /** Throws if the row, and therefore what follows it under its key, must wait. */
  const sendOrBury = async (row: OutboxRow, positions: Record<string, string>) => {
    if (sent.has(row.id)) return;
    try {
      await send(row, positions);
    } catch (err) {
      // Throws while Redis is away.
      await checkRedis(redis);
      if (isOutage(err)) throw err;
      const count = (tries.get(row.id) ?? 0) + 1;
      tries.set(row.id, count);
      if (count < MAX_TRIES) throw new MessageRefused(`${row.kind} ${row.name} was refused`, { cause: err });
      await bury(row, err);
    }
    sent.add(row.id);
  };

  return {
    async publish(rows, positions) {
      const waiting = new Set(rows.map((row) => row.id));
      for (const id of sent) if (!waiting.has(id)) sent.delete(id);
      for (const id of tries.keys()) if (!waiting.has(id)) tries.delete(id);
      const byKey = Map.groupBy(rows, (row) => `${row.kind} ${row.name} ${row.key}`);
      const outcomes = await Promise.allSettled(
        [...byKey.values()].map(async (ofKey) => {
          for (const row of ofKey) await sendOrBury(row, positions);
        }),
      );
      const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      if (reasons.length > 0) throw reasons.find((reason) => !(reason instanceof MessageRefused)) ?? reasons[0];
    },
  };
}

/** Answers by which a living Redis says that nobody can write now: full, loading, failing over, short of replicas. */
function isOutage(error: unknown): boolean {
  return /^(OOM|LOADING|READONLY|MASTERDOWN|MISCONF|NOREPLICAS|CLUSTERDOWN|TRYAGAIN)\b/.test(
    (error as Error).message ?? '',
  );
}
