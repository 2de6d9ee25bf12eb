/**
 * What every integration test relies on: tenants that are fresh, isolated, replicated, and gone afterwards.
 */
import { expect, test } from 'vitest';
import { eventually, laggingReplica, openTenant, sql, stackCoordinates } from '../src/index.ts';

test('a tenant has the migrated tables on both shards, primary and replica', async () => {
  await using tenant = await openTenant(['users', 'courses', 'progress', 'ai']);
  for (const shard of ['s1', 's2']) {
    for (const role of ['primary', 'replica'] as const) {
      const rows = await sql(tenant.databaseUrl('users', shard, role), 'SELECT * FROM outbox_message');
      expect(rows).toEqual([]);
    }
  }
  expect(Object.keys(tenant.env).filter((name) => name.startsWith('DATABASE_URL_'))).toHaveLength(8);
});

test('tenants do not see one another', async () => {
  await using first = await openTenant(['users']);
  await using second = await openTenant(['users']);
  await sql(first.databaseUrl('users', 's1'), 'CREATE TABLE mark (a int)');
  const [row] = await sql(second.databaseUrl('users', 's1'), "SELECT to_regclass('mark') AS mark");
  expect(row).toEqual({ mark: null });
  expect(first.env.REDIS_PREFIX).not.toBe(second.env.REDIS_PREFIX);
});

test('a closed tenant leaves no database behind, even with connections open', async () => {
  const tenant = await openTenant(['ai']);
  const sleeping = sql(tenant.databaseUrl('ai', 's1'), 'SELECT pg_sleep(60)').catch((error: Error) => error.message);
  await eventually(async () => {
    const active = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep%'";
    expect(await sql(tenant.databaseUrl('ai', 's1'), `${active} AND pid <> pg_backend_pid()`)).toHaveLength(1);
  });
  await tenant.close();
  expect(await sleeping).toMatch(/terminat/);
  const [shard] = stackCoordinates().shards;
  const rows = await sql(shard?.primaryUrl ?? '', 'SELECT datname FROM pg_database WHERE datname LIKE $1', [
    `${tenant.id}%`,
  ]);
  expect(rows).toEqual([]);
});

test('a lagging replica shows old rows until it is resumed', async () => {
  await using tenant = await openTenant(['users']);
  await sql(tenant.databaseUrl('users', 's1'), 'CREATE TABLE mark (a int)');
  await tenant.replicasCaughtUp();
  const replica = tenant.databaseUrl('users', 's1', 'replica');
  {
    await using _lag = await laggingReplica('s1');
    await sql(tenant.databaseUrl('users', 's1'), 'INSERT INTO mark VALUES (1)');
    expect(await sql(replica, 'SELECT * FROM mark')).toEqual([]);
  }
  await eventually(async () => expect(await sql(replica, 'SELECT * FROM mark')).toEqual([{ a: 1 }]));
});
