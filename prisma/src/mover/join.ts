/**
 * Makes an empty database a shard: copies what every shard holds, and puts it on the map, without buckets yet.
 *
 * Writers of reference copies are held off meanwhile, so that the copy is whole and the next write goes to all.
 */
import type pg from 'pg';
import { everywhereTables, movingTables } from '../map/placement.ts';
import type { Member } from '../map/shard-map.ts';
import { bringUpTo, EVERYWHERE } from '../map/shard-map-store.ts';
import { inPgTransaction } from '../statements/pg-transaction.ts';
import { ShardsError } from './errors.ts';
import type { Lines } from './lines.ts';
import { nextVersion, spread } from './map-changes.ts';

const PAGE = 1_000;

/** The caller holds the map's lock. Throws if the database is not migrated like the others, or holds rows that move. */
export async function joinShard(lines: Lines, name: string, member: Member): Promise<void> {
  if (name in lines.map.members) throw new ShardsError(`Shard ${name} is a member of ${lines.domain} already.`);
  const map = { ...lines.map, members: { ...lines.map.members, [name]: member } };
  const existing = lines.names;
  lines.use(map);
  const target = lines.pool(name);
  await assertMigrated(lines, target, name);
  await assertEmpty(lines, target, name);
  lines.use({ ...map, members: Object.fromEntries(Object.entries(map.members).filter(([key]) => key !== name)) });

  const held: pg.PoolClient[] = [];
  try {
    for (const shard of existing) {
      const client = await lines.pool(shard).connect();
      held.push(client);
      await client.query(`BEGIN; SET LOCAL lock_timeout = '30s'; SELECT pg_advisory_xact_lock(20481, ${EVERYWHERE})`);
    }
    const home = held[existing.indexOf(lines.home)]!;
    await inPgTransaction(target, async (client) => {
      for (const table of everywhereTables(lines.domain)) await copyTable(home, client, table);
    });
    const next = await nextVersion(home, lines, (before) => ({
      ...before,
      members: { ...before.members, [name]: member },
    }));
    await home.query('COMMIT');
    await bringUpTo(target, next);
    await Promise.allSettled(
      held.map(async (client) => {
        await bringUpTo(client, next);
        await client.query('COMMIT');
      }),
    );
    await spread(lines, next);
  } finally {
    // Of those that have not committed.
    await Promise.all(held.map((client) => client.query('ROLLBACK').catch(() => {})));
    for (const client of held) client.release();
  }
}

async function assertMigrated(lines: Lines, target: pg.Pool, name: string): Promise<void> {
  const read = async (pool: pg.Pool) => {
    const { rows } = await pool.query<{ name: string }>(
      'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY 1',
    );
    return rows.map((row) => row.name).join();
  };
  const [theirs, ours] = await Promise.all([read(target), read(lines.pool(lines.home))]);
  if (theirs !== ours) throw new ShardsError(`The database of ${lines.domain} on ${name} has other migrations.`);
}

async function assertEmpty(lines: Lines, target: pg.Pool, name: string): Promise<void> {
  for (const { table } of movingTables(lines.domain)) {
    const { rows } = await target.query(`SELECT FROM ${table} LIMIT 1`);
    if (rows.length > 0) throw new ShardsError(`${table} of ${lines.domain} on ${name} is not empty.`);
  }
}

async function copyTable(source: pg.PoolClient, target: pg.PoolClient, table: string): Promise<void> {
  // What a try that was cut off left there is gone with its transaction; what an aborted shard left is not.
  await target.query(`DELETE FROM ${table}`);
  await source.query(`DECLARE copied CURSOR FOR SELECT to_jsonb(t) AS row FROM ${table} t`);
  for (;;) {
    const { rows } = await source.query<{ row: unknown }>(`FETCH ${PAGE} FROM copied`);
    if (rows.length === 0) break;
    await target.query(`INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1)`, [
      JSON.stringify(rows.map(({ row }) => row)),
    ]);
  }
  await source.query('CLOSE copied');
}
