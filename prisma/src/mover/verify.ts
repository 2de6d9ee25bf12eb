/**
 * Compares the rows of buckets on two shards, by count and by a checksum that does not depend on their order.
 */
import type pg from 'pg';
import { checksumSql } from '../checksum.ts';
import type { Domain } from '../domain.ts';
import { BUCKETS } from '../ids.ts';
import { type Buckets, conditionOf, everywhereTables, movingTables } from '../map/placement.ts';
import type { Lines } from './lines.ts';

export interface Digest {
  readonly table: string;
  readonly rows: string;
  readonly checksum: string;
}

/** One statement for all tables of a domain. */
export async function digestOf(database: Pick<pg.Pool, 'query'>, domain: Domain, buckets: Buckets): Promise<Digest[]> {
  const parts = movingTables(domain).flatMap(({ table, placement }) => {
    const condition = conditionOf(placement, [buckets]);
    if (condition === null) return [];
    return [`SELECT '${table}' AS table, digest.* FROM (${checksumSql({ table, where: condition })}) AS digest`];
  });
  const { rows } = await database.query<Digest>(parts.join(' UNION ALL '));
  return rows;
}

/** The tables that differ, with both counts. */
export function differencesOf(source: readonly Digest[], target: readonly Digest[]): string[] {
  return source.flatMap((one, n) => {
    const other = target[n]!;
    if (one.rows === other.rows && one.checksum === other.checksum) return [];
    return [`${one.table}: ${one.rows} rows on the source, ${other.rows} on the target`];
  });
}

export interface Stray {
  readonly shard: string;
  readonly table: string;
  readonly rows: number;
}

/** Rows that lie on a shard which does not serve them, those that a move has yet to clear away left out. Reads whole tables. */
export async function findStrays(lines: Lines): Promise<Stray[]> {
  const { ranges, residue } = lines.map;
  const found = await Promise.all(
    lines.names.map(async (shard) => {
      const allowed = [...ranges, ...residue].filter((range) => range.shard === shard);
      const parts = movingTables(lines.domain).flatMap(({ table, placement }) => {
        const all = conditionOf(placement, [{ from: 0, to: BUCKETS - 1 }]);
        const own = allowed.length === 0 ? 'false' : (conditionOf(placement, allowed) ?? 'false');
        if (all === null) return [];
        return [`SELECT '${table}' AS table, count(*)::int AS rows FROM ${table} WHERE NOT (${own})`];
      });
      const { rows } = await lines.pool(shard).query<Omit<Stray, 'shard'>>(parts.join(' UNION ALL '));
      return rows.filter((each) => each.rows > 0).map((each) => ({ shard, ...each }));
    }),
  );
  return found.flat();
}

/** The tables of which every shard should hold the same rows, and does not. */
export async function findUnequalCopies(lines: Lines): Promise<string[]> {
  const tables = everywhereTables(lines.domain);
  if (tables.length === 0) return [];
  const statement = tables
    .map((table) => `SELECT '${table}' AS table, checksum FROM (${checksumSql({ table })}) AS digest`)
    .join(' UNION ALL ');
  const sums = await Promise.all(
    lines.names.map(async (shard) => (await lines.pool(shard).query<{ checksum: string }>(statement)).rows),
  );
  return tables.filter((_, n) => new Set(sums.map((rows) => rows[n]!.checksum)).size > 1);
}
