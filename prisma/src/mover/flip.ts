/**
 * Hands a few buckets over: writers of them wait for a moment and then go on at the other shard.
 *
 * All happens in one transaction of the source, which holds the buckets' locks: what writers had under way is done, the
 * target has caught up, the outbox has sent what was left, both sides are equal, and the map that names the target is
 * committed by it. Whatever goes wrong before that commit, the locks are let go, and nothing has changed.
 */
import { sleep } from '@lyceum/service-kit';
import type pg from 'pg';
import type { Buckets } from '../map/placement.ts';
import { mergeRanges, type ShardMap, withMoved, withoutBuckets } from '../map/shard-map.ts';
import { ShardsError } from './errors.ts';
import type { Lines } from './lines.ts';
import { type MapLock, nextVersion, spread } from './map-changes.ts';
import { assertFollows, type Leg, legName } from './replication.ts';
import { differencesOf, digestOf } from './verify.ts';

/** How long writers are held up at most by one try: for the locks, and then for the rest. */
const LOCKS_MS = 250;
const REST_MS = 500;
const TRIES = 60;
const POLL_MS = 3;

/** The freeze was too long for the writers who wait. */
class TooSlow extends Error {}

export interface FlipResult {
  /** How long writers of the buckets were held up. */
  readonly frozenMs: number;
  readonly tries: number;
  readonly rows: number;
}

/** Throws if the sides differ, or if it did not succeed within many tries; then the buckets are where they were. */
export async function flipBuckets(lines: Lines, lock: MapLock, leg: Leg, buckets: Buckets): Promise<FlipResult> {
  let reason: unknown;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    try {
      return { ...(await tryFlip(lines, lock, leg, buckets)), tries };
    } catch (error) {
      if (!isPassing(error)) throw error;
      reason = error;
      await assertFollows(lines, leg);
      // The writers that waited go first.
      await sleep(100 + 400 * Math.random());
    }
  }
  throw new ShardsError(
    `Buckets ${buckets.from}–${buckets.to} of ${leg.source} could not be handed over in ${TRIES} tries: ${(reason as Error).message}`,
    { cause: reason },
  );
}

async function tryFlip(lines: Lines, lock: MapLock, leg: Leg, buckets: Buckets): Promise<Omit<FlipResult, 'tries'>> {
  let begun = 0;
  const flip = async (client: pg.PoolClient) => {
    begun = performance.now();
    await client.query(
      'SELECT count(pg_advisory_xact_lock(20481, bucket)) FROM generate_series($1::int, $2::int) AS bucket',
      [buckets.from, buckets.to],
    );
    const deadline = performance.now() + REST_MS;
    await client.query(`SET LOCAL statement_timeout = ${REST_MS}`);
    await Promise.all([caughtUp(lines, leg, deadline), outboxDrained(lines.pool(leg.source), buckets, deadline)]);
    const rows = await assertEqual(lines, leg, buckets, deadline);
    // Right before the commit that makes a version: nobody else may be making one.
    await lock.assertHeld();
    if (performance.now() > deadline) throw new TooSlow('comparing both sides took too long');
    return { rows, next: await nextVersion(client, lines, (map) => handedOver(map, leg, buckets)) };
  };
  const begin = `BEGIN; SET LOCAL transaction_timeout = '3s'; SET LOCAL statement_timeout = ${LOCKS_MS}`;
  const { rows, next } = await lines.transaction(leg.source, flip, begin);
  const frozenMs = performance.now() - begun;
  await spread(lines, next);
  return { frozenMs, rows };
}

/** The rows on the target count from now on, those on the source no longer. */
export function handedOver(
  map: ShardMap,
  { source, target }: Pick<Leg, 'source' | 'target'>,
  buckets: Buckets,
): ShardMap {
  const others = map.residue.filter(({ shard }) => shard !== target);
  const ofTarget = withoutBuckets(
    map.residue.filter(({ shard }) => shard === target),
    buckets,
  );
  const left = { from: buckets.from, to: buckets.to, shard: source };
  return {
    ...map,
    ranges: withMoved(map.ranges, buckets, target),
    residue: mergeRanges([...others, ...ofTarget, left]),
  };
}

/** Writes a marker behind all changes of the source, and waits until it shows on the target. */
async function caughtUp(lines: Lines, leg: Leg, deadline: number): Promise<void> {
  const { moveId, source, target } = leg;
  const { rows } = await lines.pool(source).query<{ number: number }>(
    `INSERT INTO shard_move_marker (move_id, source, number)
     SELECT $1, $2, coalesce(max(number), 0) + 1 FROM shard_move_marker WHERE move_id = $1 AND source = $2
     RETURNING number`,
    [moveId, legName(leg)],
  );
  const { number } = rows[0]!;
  await until(deadline, 'the target is behind', async () => {
    const found = await lines
      .pool(target)
      .query('SELECT FROM shard_move_marker WHERE move_id = $1 AND source = $2 AND number = $3', [
        moveId,
        legName(leg),
        number,
      ]);
    return found.rows.length > 0;
  });
}

/** What the source has yet to send of these buckets must not be overtaken by what the target will. */
async function outboxDrained(source: pg.Pool, buckets: Buckets, deadline: number): Promise<void> {
  // Others may go on to write of these keys, such as of a course that all learners are in: what they write later may wait.
  const { rows } = await source.query<{ last: string }>(
    'SELECT coalesce(max(seq), 0)::text AS last FROM outbox_message',
  );
  await until(deadline, 'the outbox has not sent all of its messages', async () => {
    const waiting = await source.query(
      `SELECT FROM outbox_message
       WHERE seq <= $3 AND
         CASE WHEN key ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-' THEN ('x' || substr(key, 16, 3))::bit(12)::int END
           BETWEEN $1 AND $2
       LIMIT 1`,
      [buckets.from, buckets.to, rows[0]!.last],
    );
    return waiting.rows.length === 0;
  });
}

async function until(deadline: number, otherwise: string, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new TooSlow(otherwise);
    await sleep(POLL_MS);
  }
}

/** Returns how many rows there are. */
async function assertEqual(lines: Lines, { source, target }: Leg, buckets: Buckets, deadline: number): Promise<number> {
  const left = Math.floor(deadline - performance.now());
  if (left <= 0) throw new TooSlow('there was no time to compare both sides');
  const digest = (shard: string) =>
    lines.transaction(shard, async (client) => {
      await client.query(`SET LOCAL statement_timeout = ${left}`);
      return digestOf(client, lines.domain, buckets);
    });
  const [one, other] = await Promise.all([digest(source), digest(target)]);
  const differences = differencesOf(one, other);
  if (differences.length > 0) {
    throw new ShardsError(
      `Buckets ${buckets.from}–${buckets.to} differ between ${source} and ${target}; they stay on ${source}. ${differences.join('; ')}`,
    );
  }
  return one.reduce((sum, { rows }) => sum + Number(rows), 0);
}

/** Time-outs of ours and of Postgres (57014, 55P03, 25P04), and deadlocks. */
function isPassing(error: unknown): boolean {
  if (error instanceof TooSlow) return true;
  const code = (error as { code?: unknown }).code;
  return code === '57014' || code === '55P03' || code === '25P04' || code === '40P01';
}
