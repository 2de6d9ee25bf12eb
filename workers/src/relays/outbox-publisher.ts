/**
 * Sends one batch of outbox rows: events to Redis streams, jobs to queues. Rows of one key go one after the other, keys
 * side by side; the first that fails ends its key's turn.
 *
 * A row that Redis refuses while it is well is told as refused, and is counted against it. While Redis is away nobody is
 * to blame: the batch is interrupted, and what is not out waits.
 */
import type { EventEnvelope } from '@lyceum/contracts';
import { checkRedis, publishEnvelope, type Redis, type RedisKeys } from '@lyceum/service-kit';
import type { JobQueues } from '../queues.ts';
import type { OutboxRow, RefusedMessage, SendOutcome } from '../resources.ts';

export interface OutboxPublisherOptions {
  /** Of role `publisher`. */
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly queues: JobQueues;
}

export interface PublishOutcome extends SendOutcome {
  /** Why the batch ended before its time; undefined if it did not. */
  readonly interruption: unknown;
}

export interface OutboxPublisher {
  /** Never throws. */
  publish(rows: readonly OutboxRow[], positions: Readonly<Record<string, string>>): Promise<PublishOutcome>;
}

/** The lanes are held meanwhile, for 15 s at most, and the last command may take 6 s more. The rest goes with the next batch. */
const TURN_MS = 5_000;

export function createOutboxPublisher({ redis, keys, queues }: OutboxPublisherOptions): OutboxPublisher {
  const send = async (row: OutboxRow, positions: Readonly<Record<string, string>>) => {
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

  return {
    async publish(rows, positions) {
      const sent: string[] = [];
      const refused: RefusedMessage[] = [];
      let interruption: unknown;
      const until = performance.now() + TURN_MS;
      const sendInOrder = async (ofKey: readonly OutboxRow[]) => {
        for (const row of ofKey) {
          if (interruption !== undefined || performance.now() > until) return;
          try {
            await send(row, positions);
            sent.push(row.id);
          } catch (error) {
            const outage = isOutage(error) ? error : await outageOf(redis);
            if (outage === undefined) refused.push({ id: row.id, reason: String(error) });
            interruption ??= outage;
            return;
          }
        }
      };
      const byKey = Map.groupBy(rows, ({ name, key }) => `${name} ${key}`);
      await Promise.all([...byKey.values()].map(sendInOrder));
      return { sent, refused, interruption };
    },
  };
}

/** What keeps Redis from answering now; undefined if it answers. */
function outageOf(redis: Redis): Promise<unknown> {
  return checkRedis(redis).then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Answers by which a living Redis says that nobody can write now, and what connections say that have ended. */
const OUTAGE =
  /^(OOM|LOADING|BUSY|READONLY|MASTERDOWN|MISCONF|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|NOAUTH|WRONGPASS|NOPERM)\b|connection (is|close)|isn't writeable|max retries per request|ECONN|EPIPE/i;

function isOutage(error: unknown): boolean {
  return error instanceof Error && OUTAGE.test(error.message);
}
