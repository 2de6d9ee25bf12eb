/**
 * The shard map in a domain's databases: one row each, whose version only grows.
 *
 * A version is made by one transaction on one database (a mover's, under the lock of what it changes). From then on it is
 * the map: whoever meets a database with an older one brings it up to date, so that a change is completed even if the
 * process that made it died at once.
 */
import type pg from 'pg';
import { sqlStateOf } from '../connections/faults.ts';
import { ShardMap } from './shard-map.ts';

export interface Queryable {
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<Row>>;
}

/** Beyond all buckets: what lies on every shard. */
export const EVERYWHERE = 4096;

/** Null: nobody has told this database a map yet. */
export async function readShardMap(database: Queryable): Promise<ShardMap | null> {
  const { rows } = await database.query<{ version: number; map: unknown }>('SELECT version, map FROM shard_map');
  const row = rows[0];
  return row && row.version > 0 ? ShardMap.parse(row.map) : null;
}

export async function readMapVersion(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ version: number }>('SELECT version FROM shard_map');
  return rows[0]?.version ?? 0;
}

/** Does nothing to a database that knows this version or a later one. Returns whether it was changed. */
export async function bringUpTo(database: Queryable, map: ShardMap): Promise<boolean> {
  const { rowCount } = await database.query(
    'UPDATE shard_map SET version = $1, map = $2, changed_at = now() WHERE version < $1',
    [map.version, JSON.stringify(map)],
  );
  return rowCount === 1;
}

/** True if a writer's map was not the database's: nothing was written, and with the right map it may be tried again. */
export function isStaleMap(error: unknown): boolean {
  return sqlStateOf(error) === 'LY001';
}
