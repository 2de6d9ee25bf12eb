/**
 * Makes the months of partitioned tables ahead of time on one shard, and detaches old ones by policy.
 *
 * Because these tables have a default partition, Postgres refuses DETACH … CONCURRENTLY. The plain form changes catalogs
 * alone, but needs the whole table for that moment, as making a month needs the default partition (brief-lock.ts). A
 * detached month stays as a table of its own; dropping it is the operator's.
 */
import pg from 'pg';
import { z } from 'zod';
import type { Domain } from '../domain.ts';
import { BRIEF_LOCK_MS, withBriefLock } from './brief-lock.ts';
import {
  makeMonths,
  monthFrom,
  PARTITIONED_TABLES,
  type PartitionedTable,
  partitionedTables,
  partitionName,
} from './partitions.ts';

const Retention = z.strictObject({
  /** Whole months before the current one. Null: all. */
  keepMonths: z.number().int().positive().nullable().default(null),
});

/** The schema of `config/partitions.yaml`. */
export const PartitionsPolicy = z.strictObject({
  version: z.literal(1),
  monthsAhead: z.number().int().min(1).max(36).default(3),
  tables: z.partialRecord(z.enum(PARTITIONED_TABLES), Retention).prefault({}),
});
export type PartitionsPolicy = z.output<typeof PartitionsPolicy>;

const LOCK = 'maintain-partitions';
const CONNECT_MS = 5_000;
const STATEMENT_MS = 60_000;

export interface MaintainOptions {
  readonly domain: Domain;
  /** Of the shard's primary, past any pooler. */
  readonly url: string;
  readonly policy: PartitionsPolicy;
  readonly now: Date;
  /** Ends the wait for a table that is in use. */
  readonly signal?: AbortSignal;
}

export interface MaintainedTable {
  readonly table: PartitionedTable;
  readonly made: number;
  /** Names of the tables that were partitions. */
  readonly detached: readonly string[];
  /** Months after the current one that are ready. */
  readonly monthsAhead: number;
}

/** Null if another process is at it. Safe to call at any time, from anywhere, and again after any failure. */
export async function maintainPartitions(o: MaintainOptions): Promise<MaintainedTable[] | null> {
  const client = new pg.Client({
    connectionString: o.url,
    application_name: 'lyceum-partitions',
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS + 1_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const lock = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS held', [
      LOCK,
    ]);
    if (!lock.rows[0]!.held) return null;
    const tables: MaintainedTable[] = [];
    for (const table of partitionedTables(o.domain)) tables.push(await maintainTable(client, table, o));
    return tables;
  } finally {
    await client.end().catch(() => {});
  }
}

async function maintainTable(
  client: pg.Client,
  table: PartitionedTable,
  { policy, now, signal }: MaintainOptions,
): Promise<MaintainedTable> {
  const made = await makeMonths(client, table, { from: monthFrom(now, -1), months: policy.monthsAhead + 2, signal });
  const keepMonths = policy.tables[table]?.keepMonths ?? null;
  const oldest = keepMonths === null ? '' : partitionName(table, monthFrom(now, -keepMonths));
  const attached = await attachedMonths(client, table);
  const detached = attached.filter((name) => name < oldest);
  for (const partition of detached) await detach(client, table, partition, signal);
  return { table, made, detached, monthsAhead: attached.filter((name) => name > partitionName(table, now)).length };
}

/** What an operator attached under another name is the operator's. */
async function attachedMonths(client: pg.Client, table: PartitionedTable): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = $1::regclass AND c.relname ~ ('^' || $1 || '_\\d{4}_\\d{2}$') ORDER BY c.relname`,
    [table],
  );
  return rows.map(({ name }) => name);
}

async function detach(
  client: pg.Client,
  table: PartitionedTable,
  partition: string,
  signal?: AbortSignal,
): Promise<void> {
  await client.query(`SET lock_timeout = ${BRIEF_LOCK_MS}`);
  const statement = `ALTER TABLE "${table}" DETACH PARTITION ${pg.escapeIdentifier(partition)}`;
  await withBriefLock(`detach ${partition}`, () => client.query(statement), signal);
}
