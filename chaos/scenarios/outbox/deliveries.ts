/**
 * Reads what lies in the streams of Redis in the end, in its order.
 */
import { type EventDefinition, PointsAwarded, ProgressUpdated } from '@lyceum/contracts';
import { parseEntry, type Redis, type RedisKeys } from '@lyceum/service-kit';

export interface Delivery {
  readonly id: string;
  /** What is ordered: the event's name and key. */
  readonly key: string;
  /** Of the event under its key, from 1. */
  readonly number: number;
}

const PAGE = 1_000;

export async function readDeliveries(redis: Redis, keys: RedisKeys): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  const read = async <E extends EventDefinition>(stream: string, event: E, numberOf: (payload: unknown) => number) => {
    for (let from = '-'; ; ) {
      const entries = await redis.xrange(stream, from, '+', 'COUNT', PAGE);
      for (const [, fields] of entries) {
        const { id, name, key, payload } = parseEntry(event, fields);
        deliveries.push({ id, key: `${name} ${key}`, number: numberOf(payload) });
      }
      if (entries.length < PAGE) return;
      from = `(${entries.at(-1)![0]}`;
    }
  };
  await read(
    keys.logStream(PointsAwarded.name),
    PointsAwarded,
    (payload) => PointsAwarded.payload.parse(payload).totals[0]!.points,
  );
  for (const stream of await streamsOf(redis, keys.liveStream(ProgressUpdated.name, '*'))) {
    await read(stream, ProgressUpdated, (payload) => ProgressUpdated.payload.parse(payload).revision);
  }
  return deliveries;
}

async function streamsOf(redis: Redis, pattern: string): Promise<string[]> {
  const found = new Set<string>();
  for (let cursor = '0'; ; ) {
    const [next, names] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', PAGE);
    for (const name of names) found.add(name);
    if (next === '0') return [...found];
    cursor = next;
  }
}
