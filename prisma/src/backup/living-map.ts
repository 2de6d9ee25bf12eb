/**
 * The shard map that restored databases are given.
 *
 * A backup's map says where its rows belong, and where its servers were. The ranges must come back with the rows; the
 * servers must not: a stack that was restored beside the old one would write to the old one. And one shard that is
 * restored among living ones takes their map, if its buckets are still the same.
 */
import type pg from 'pg';
import { mergeRanges, type Range, type ShardMap } from '../map/shard-map.ts';
import { readShardMap } from '../map/shard-map-store.ts';
import { BackupError } from './backup-error.ts';
import { hasTable } from './catalog.ts';
import { type BackupDatabase, placeOf } from './manifest.ts';
import { connectToTarget } from './restore-target.ts';

/** The newest that any of these databases holds; those that do not exist or do not answer have none. */
export async function readLivingMap(urls: readonly string[]): Promise<ShardMap | null> {
  const maps = await Promise.all(urls.map(readMap));
  return maps.reduce((newest, map) => (map && map.version > (newest?.version ?? 0) ? map : newest), null);
}

async function readMap(url: string): Promise<ShardMap | null> {
  await using connection = await connectToTarget(url).catch(() => null);
  if (!connection || !(await hasTable(connection.client, 'shard_map'))) return null;
  return await readShardMap(connection.client);
}

/** Throws a BackupError if the shard has been given or has lost buckets since the backup: rows would be lost or doubled. */
export function checkBuckets(backup: BackupDatabase, living: ShardMap | null): void {
  const { shard, shardMap } = backup;
  if (!living || !shardMap || living.version < shardMap.version) return;
  if (bucketsOf(living.ranges, shard) === bucketsOf(shardMap.ranges, shard)) return;
  throw new BackupError(
    `${placeOf(backup)} serves other buckets now (shard map ${living.version}) than in the backup (${shardMap.version}). Restore all shards of the domain, into databases that do not exist.`,
  );
}

function bucketsOf(ranges: readonly Range[], shard: string): string {
  return mergeRanges(ranges.filter((range) => range.shard === shard))
    .map(({ from, to }) => `${from}–${to}`)
    .join(', ');
}

/** After the backup's own row was loaded. */
export async function settleMap(client: pg.Client, backup: BackupDatabase, living: ShardMap | null): Promise<void> {
  if (!backup.tables.some(({ name }) => name === 'shard_map')) return;
  const own = await readShardMap(client);
  const map = living && living.version >= (own?.version ?? 0) ? living : own && withoutServers(own);
  if (!map) return;
  await client.query('UPDATE shard_map SET version = $1, map = $2', [map.version, JSON.stringify(map)]);
}

function withoutServers(map: ShardMap): ShardMap {
  return { ...map, members: Object.fromEntries(Object.keys(map.members).map((name) => [name, null])) };
}
