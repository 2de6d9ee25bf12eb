/**
 * Makes new versions of a shard map: one process at a time, by a lock on the home shard, which is also where every version
 * is committed first, unless it takes buckets from a shard: that shard's own commit makes it then (flip.ts).
 */
import { withTimeout } from '@lyceum/service-kit';
import type pg from 'pg';
import type { ShardMap } from '../map/shard-map.ts';
import { bringUpTo } from '../map/shard-map-store.ts';
import { ShardsError } from './errors.ts';
import { bounded, type Lines } from './lines.ts';

const LOCK = [20482, 1];
const LOCK_MS = 5_000;
const ASSERT_MS = 1_000;

export interface MapLock {
  /** Throws if the lock was lost with its connection: another process may be changing the map. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

/** Throws if another process holds it, or the home shard does not answer within 5 s. */
export async function lockMap(lines: Lines): Promise<MapLock> {
  const client = await lines.pool(lines.home).connect();
  const asking = client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS held', LOCK);
  const { rows } = await withTimeout(asking, LOCK_MS, 'taking the lock').catch((error: Error) => {
    client.release(error);
    throw error;
  });
  if (!rows[0]!.held) {
    client.release();
    throw new ShardsError(`Another process is changing the shards of ${lines.domain}. Wait for it, or stop it first.`);
  }
  return {
    async assertHeld() {
      try {
        await withTimeout(client.query('SELECT 1'), ASSERT_MS, 'asking for the lock');
      } catch (error) {
        throw new ShardsError('The lock on the shard map was lost with its connection. Run the command again.', {
          cause: error,
        });
      }
    },
    // With its connection, which nobody else is to get.
    release: async () => client.release(true),
  };
}

/** Commits the next version on the home shard and spreads it. The caller holds the lock. */
export async function changeMap(lines: Lines, change: (map: ShardMap) => ShardMap): Promise<ShardMap> {
  const next = await lines.transaction(lines.home, (client) => nextVersion(client, lines, change));
  await spread(lines, next);
  return next;
}

/** For a transaction on the shard whose commit makes the version. Throws if the database's map is not the one in hand. */
export async function nextVersion(
  client: pg.PoolClient,
  lines: Lines,
  change: (map: ShardMap) => ShardMap,
): Promise<ShardMap> {
  const before = lines.map;
  await bringUpTo(client, before);
  const next: ShardMap = { ...change(before), version: before.version + 1 };
  const { rowCount } = await client.query(
    'UPDATE shard_map SET version = $1, map = $2, changed_at = now() WHERE version = $3',
    [next.version, JSON.stringify(next), before.version],
  );
  if (rowCount !== 1) throw new ShardsError('The shard map was changed meanwhile. Run the command again.');
  return next;
}

/** Tells every shard. One that is away is told by the first process that finds it behind. */
export async function spread(lines: Lines, map: ShardMap): Promise<void> {
  lines.use(map);
  await Promise.allSettled(lines.names.map((name) => bringUpTo(bounded(lines.pool(name)), map)));
}
