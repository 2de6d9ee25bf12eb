/**
 * Tables with a partition per month (UTC), and how their months are made ahead of time.
 *
 * A month without a partition goes to the default partition: found all the same, but neither skipped nor detached.
 */
import type pg from 'pg';
import { type Database, internalsOf } from '../database.ts';
import type { Domain } from '../domain.ts';
import { BRIEF_LOCK_MS, withBriefLock } from './brief-lock.ts';

/** A further partitioned table is named here; its domain's migrations make the function `ensure_month_partitions`. */
const PARTITIONED = { activity: 'progress' } as const satisfies Readonly<Record<string, Domain>>;
export type PartitionedTable = keyof typeof PARTITIONED;
export const PARTITIONED_TABLES = Object.keys(PARTITIONED) as PartitionedTable[];

/** What a migration prepares, so that a stack has room for a year before any worker ran. */
const MONTHS_AT_MIGRATION = 14;

export function partitionedTables(domain: Domain): PartitionedTable[] {
  return PARTITIONED_TABLES.filter((table) => PARTITIONED[table] === domain);
}

/** `activity_2025_01`. Their order is that of time. */
export function partitionName(table: PartitionedTable, month: Date): string {
  return `${table}_${month.toISOString().slice(0, 7).replace('-', '_')}`;
}

/** The first day of the month so many months from `at`. */
export function monthFrom(at: Date, months: number): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + months, 1));
}

interface Queryable {
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<Row>>;
}

/** The time-out holds for this statement alone, whichever connection of a pool it gets. */
const MAKE_MONTHS = `
  WITH settings AS MATERIALIZED (SELECT set_config('lock_timeout', $4, true) AS lock_timeout)
  SELECT ensure_month_partitions($1, $2::date, $3) AS made FROM settings WHERE lock_timeout IS NOT NULL`;

/**
 * From the month of `from` on. Returns how many were made; months that exist, attached or not, are left alone. A month
 * that is made needs the default partition whole for a moment: throws if it was never free.
 */
export function makeMonths(
  on: Queryable,
  table: PartitionedTable,
  { from, months, signal }: { from: Date; months: number; signal?: AbortSignal },
): Promise<number> {
  const values = [table, from.toISOString().slice(0, 10), months, `${BRIEF_LOCK_MS}ms`];
  const make = async () => (await on.query<{ made: number }>(MAKE_MONTHS, values)).rows[0]!.made;
  return withBriefLock(`make the months of ${table}`, make, signal);
}

/** After migrations: from the month before `now` on. */
export async function prepareMonths(client: pg.Client, domain: Domain, now: Date): Promise<void> {
  for (const table of partitionedTables(domain)) {
    await makeMonths(client, table, { from: monthFrom(now, -1), months: MONTHS_AT_MIGRATION });
  }
}

/** `makeMonths` on every shard. */
export async function ensureMonths<D extends Domain>(
  database: Database<D>,
  table: PartitionedTable,
  range: { from: Date; months: number },
): Promise<number> {
  let made = 0;
  for (const shard of internalsOf(database).router.shards) made += await makeMonths(shard.probe, table, range);
  return made;
}
