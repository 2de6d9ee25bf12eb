/**
 * One moment of a database, held open: a read-only transaction in which every statement sees the same rows.
 */

import pg from 'pg';
import { TEXT_SETTINGS } from '../checksum.ts';
import { type Database, internalsOf } from '../database.ts';
import type { Domain } from '../domain.ts';
import { readShardMap } from '../map/shard-map-store.ts';
import { BackupError, reasonOf } from './backup-error.ts';
import { type CatalogTable, hasTable, readAppliedMigrations, readTables } from './catalog.ts';
import { type LongConnection, openLongConnection } from './connection.ts';
import { type BackupDatabase, placeOf } from './manifest.ts';

/** A database that is to be copied. */
export interface BackupSource {
  readonly domain: Domain;
  readonly shard: string;
  /** Of the primary; past any pooler, which would end so long a transaction. */
  readonly url: string;
}

/** All shards of a domain, by its newest map; opening the database has told that map to each of them. */
export function backupSourcesOf<D extends Domain>(database: Pick<Database<D>, 'domain'>): BackupSource[] {
  const { router } = internalsOf(database);
  return router.shards.map((shard) => ({ domain: database.domain, shard: shard.name, url: shard.primaryUrl }));
}

export interface Snapshot extends LongConnection {
  readonly source: BackupSource;
  readonly taken: Omit<BackupDatabase, 'tables' | 'sequences'>;
  readonly tables: readonly CatalogTable[];
  /** What the server's statistics make of it: for progress. */
  readonly estimatedRows: number;
}

/** Tables are locked against changes of their shape, as `pg_dump` does; readers and writers notice nothing. */
export async function openSnapshot(source: BackupSource): Promise<Snapshot> {
  const place = placeOf(source);
  const connection = await openLongConnection(source.url, 'lyceum-backup').catch((error: unknown) => {
    throw new BackupError(`${place} cannot be reached: ${reasonOf(error)}`, { cause: error });
  });
  try {
    const { client } = connection;
    await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${TEXT_SETTINGS}`);
    const { rows } = await client.query<{ version: string; position: string; at: Date }>(`
      SELECT current_setting('server_version') AS version, pg_current_wal_insert_lsn()::text AS position, clock_timestamp() AS at`);
    const tables = await readTables(client);
    const names = tables.map(({ name }) => pg.escapeIdentifier(name));
    if (names.length > 0) await client.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
    const migrations = await readAppliedMigrations(client);
    const unfinished = migrations.find(({ finished }) => !finished);
    if (unfinished)
      throw new BackupError(`${place} is in the middle of migration ${unfinished.name}: resolve it first.`);
    const map = (await hasTable(client, 'shard_map')) ? await readShardMap(client) : null;
    const { domain, shard } = source;
    const taken = {
      domain,
      shard,
      serverVersion: rows[0]!.version,
      walPosition: rows[0]!.position,
      snapshotAt: rows[0]!.at.toISOString(),
      shardMap: map && { version: map.version, ranges: map.ranges },
      migrations: migrations.map(({ name, checksum }) => ({ name, checksum })),
    };
    return { ...connection, source, taken, tables, estimatedRows: await estimateRows(client) };
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    if (error instanceof BackupError) throw error;
    throw new BackupError(`${place}: ${reasonOf(error)}`, { cause: error });
  }
}

async function estimateRows(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ rows: number }>(`
    SELECT coalesce(sum(greatest(reltuples, 0)), 0)::float8 AS rows FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`);
  return rows[0]!.rows;
}
