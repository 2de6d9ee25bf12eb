/**
 * Migrations of many databases.
 */
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createMigration, DOMAINS, migrate, migrationsOf, type OutboxRow, openOutboxReader } from '../src/index.ts';
import { log } from './support.ts';

let tenant: Tenant;
let urls: Record<string, string>;

beforeAll(async () => {
  tenant = await openTenant(['ai']);
  urls = { s1: tenant.databaseUrl('ai', 's1'), s2: tenant.databaseUrl('ai', 's2') };
});

beforeEach(async () => {
  for (const url of Object.values(urls)) await sql(url, 'DROP SCHEMA public CASCADE');
  for (const url of Object.values(urls)) await sql(url, 'CREATE SCHEMA public');
});

afterAll(() => tenant?.close());

const first = createMigration('1_first', 'CREATE TABLE one (id int);');
const second = createMigration('2_second', 'CREATE TABLE two (id int);\nINSERT INTO two VALUES (1);');
const applied = (shard: string) =>
  sql(urls[shard]!, 'SELECT migration_name AS name, checksum FROM _prisma_migrations ORDER BY migration_name');

test.for(DOMAINS)(
  'the migrations of %s apply to an empty database, and a second run changes nothing',
  async (domain) => {
    const names = (await migrationsOf(domain)).map(({ name }) => name);
    expect(names.length).toBeGreaterThan(0);
    expect(await migrate({ domain, urls })).toEqual([
      { shard: 's1', applied: names },
      { shard: 's2', applied: names },
    ]);
    expect(await migrate({ domain, urls })).toEqual([
      { shard: 's1', applied: [] },
      { shard: 's2', applied: [] },
    ]);
  },
);

test.for(DOMAINS)('what waits in the outbox of %s when it gets lanes leaves as it would have', async (domain) => {
  const all = await migrationsOf(domain);
  const before = all.slice(
    0,
    all.findIndex(({ name }) => name.endsWith('_outbox_lanes')),
  );
  await migrate({ domain, urls, migrations: before });
  await sql(
    urls.s1!,
    `INSERT INTO outbox_message (id, kind, name, version, key, payload, delivery)
     SELECT gen_random_uuid(), 'event', 'an.event', 1, 'key ' || n % 10, to_jsonb(n), 'live' FROM generate_series(1, 50) n`,
  );
  await migrate({ domain, urls });
  const reader = openOutboxReader({ domain, urls: { s1: { primary: urls.s1!, replicas: [] } }, log });
  const sent: OutboxRow[] = [];
  const send = async (rows: readonly OutboxRow[]) => {
    sent.push(...rows);
    return { sent: rows.map(({ id }) => id), refused: [] };
  };
  while ((await reader.drain('s1', send)).claimed);
  await reader.close();
  expect(sent).toHaveLength(50);
  for (const rows of Map.groupBy(sent, ({ key }) => key).values()) {
    const numbers = rows.map(({ payload }) => payload as number);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  }
});

test('what is new is applied in order and reported as it happens', async () => {
  await migrate({ domain: 'ai', urls, migrations: [first] });
  const seen: string[] = [];
  await migrate({
    domain: 'ai',
    urls: { s1: urls.s1! },
    migrations: [first, second],
    onProgress: (progress) =>
      progress.kind !== 'waiting' &&
      seen.push(progress.kind === 'done' ? `${progress.applied} applied` : `${progress.kind} ${progress.migration}`),
  });
  expect(seen).toEqual(['applied 2_second', '1 applied']);
  expect((await applied('s1')).map(({ name }) => name)).toEqual(['1_first', '2_second']);
  expect((await applied('s2')).map(({ name }) => name)).toEqual(['1_first']);
});

test('concurrent runners apply each migration once', async () => {
  const runs = await Promise.all(
    Array.from({ length: 5 }, () => migrate({ domain: 'ai', urls, migrations: [first, second] })),
  );
  for (const shard of ['s1', 's2']) {
    const times = runs.flat().filter((result) => result.shard === shard && result.applied.length > 0);
    expect(times).toEqual([{ shard, applied: ['1_first', '2_second'] }]);
    expect(await sql(urls[shard]!, 'SELECT * FROM two')).toHaveLength(1);
  }
});

test('a migration that was edited after it was applied is refused by name, and nothing is applied', async () => {
  await migrate({ domain: 'ai', urls, migrations: [first] });
  const edited = createMigration('1_first', 'CREATE TABLE other (id int);');
  await expect(migrate({ domain: 'ai', urls, migrations: [edited, second] })).rejects.toThrow(
    /ai on shard s[12]: 1_first: the file was edited/,
  );
  expect(await applied('s1')).toHaveLength(1);
});

test('a migration that was slipped in before an applied one is refused', async () => {
  await migrate({ domain: 'ai', urls, migrations: [second] });
  await expect(migrate({ domain: 'ai', urls, migrations: [first, second] })).rejects.toThrow(/1_first.*is missing/);
});

test('a failing migration names its line, leaves nothing of itself, and stops the shards that have not begun', async () => {
  const broken = createMigration('2_broken', 'CREATE TABLE half (id int);\nCREATE TABEL typo (id int);');
  await expect(migrate({ domain: 'ai', urls, migrations: [first, broken], concurrency: 1 })).rejects.toThrow(
    /ai on shard s1: 2_broken: line 2: syntax error.*s1: failed, applied 1_first\n {2}s2: not begun$/s,
  );
  expect((await applied('s1')).map(({ name }) => name)).toEqual(['1_first']);
  expect(await sql(urls.s1!, "SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
  expect(await sql(urls.s2!, "SELECT to_regclass('one') AS one")).toEqual([{ one: null }]);

  await migrate({ domain: 'ai', urls, migrations: [first, second] });
  expect(await applied('s1')).toHaveLength(2);
});

test('a server that does not answer is named by domain and shard', async () => {
  const away = { s1: 'postgres://nobody@127.0.0.1:9/none' };
  await expect(migrate({ domain: 'ai', urls: away, migrations: [first] })).rejects.toThrow(
    /of ai on shard s1: .*ECONNREFUSED/,
  );
});
