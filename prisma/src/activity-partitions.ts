/**
 * Keeps month partitions of `activity` ready ahead of time, on every shard. Safe to call at any time, from anywhere.
 */
import { type Database, internalsOf } from './database.ts';

/** Months from the one of `from` on. Returns how many were made; months that exist are left alone. */
export async function ensureActivityPartitions(
  database: Database<'progress'>,
  { from, months = 3 }: { from: Date; months?: number },
): Promise<number> {
  let made = 0;
  for (const shard of internalsOf(database).router.shards) {
    const { rows } = await shard.probe.query<{ made: number }>(
      'SELECT ensure_activity_partitions($1::date, $2::integer) AS made',
      [from.toISOString().slice(0, 10), months],
    );
    made += rows[0]!.made;
  }
  return made;
}
