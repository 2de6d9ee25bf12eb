/**
 * Tables with a partition per month: made ahead, skipped by queries, detached by policy.
 */
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type Database,
  ensureMonths,
  maintainPartitions,
  migrate,
  newId,
  newIdBeside,
  PartitionsPolicy,
} from '../src/index.ts';
import { openTestDatabase } from './support.ts';

let tenant: Tenant;
let progress: Awaited<ReturnType<typeof openTestDatabase<'progress'>>>;
let database: Database<'progress'>;
let url: string;
beforeEach(async () => {
  tenant = await openTenant(['progress']);
  url = tenant.databaseUrl('progress', 's1');
  progress = await openTestDatabase('progress', tenant.env, { redis: false });
  database = progress.database;
});
afterEach(async () => {
  await progress?.close();
  await tenant?.close();
});

const now = new Date('2030-06-15T12:00:00Z');
const policy = (keepMonths: number | null, monthsAhead = 3) =>
  PartitionsPolicy.parse({ version: 1, monthsAhead, tables: { activity: { keepMonths } } });
const maintain = (keepMonths: number | null = null) =>
  maintainPartitions({ domain: 'progress', url, policy: policy(keepMonths), now });

const learner = newId(1);
const record = (occurredAt: string) =>
  database.session(learner).transaction(learner, (tx) =>
    tx.activity.create({
      data: { id: newIdBeside(learner), learnerId: learner, kind: 'ENROLLED', courseId: newId(0), occurredAt },
    }),
  );
const between = async (from: string, to: string) => {
  const client = await database.session(learner).read(learner, 'primary');
  return client.activity.findMany({
    where: { learnerId: learner, occurredAt: { gte: new Date(from), lt: new Date(to) } },
    orderBy: [{ occurredAt: 'desc' }, { id: 'desc' }],
    take: 10,
  });
};
const attached = async () =>
  (
    await sql(
      url,
      "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'activity'::regclass ORDER BY 1",
    )
  ).map(({ name }) => name);

test('a query over a range of dates touches the partitions of that range alone', async () => {
  await ensureMonths(database, 'activity', { from: new Date('2030-01-01'), months: 12 });
  for (const month of ['03', '04', '05', '07']) await record(`2030-${month}-15T00:00:00.000Z`);
  await sql(url, 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  const [from, to] = ['2030-04-01T00:00:00.000Z', '2030-06-01T00:00:00.000Z'] as const;
  expect(await between(from, to)).toHaveLength(2);

  const [seen] = await sql<{ query: string }>(
    url,
    `SELECT query FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid
     WHERE datname = current_database() AND query LIKE '%FROM "public"."activity"%'`,
  );
  const plan = await explain(seen!.query, [learner, from, to, 10, 0]);
  const touched = [...new Set([...plan.matchAll(/"Relation Name": "(\w+)"/g)].map(([, name]) => name))].sort();
  expect(touched).toEqual(['activity_2030_04', 'activity_2030_05']);
  expect(plan).not.toContain('Seq Scan');
});

/** Closed before the tenant is. */
async function connect() {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

/** The plan of a statement that was seen, for these values. Small tables are planned as if they were large. */
async function explain(query: string, values: readonly (string | number)[]): Promise<string> {
  await using connection = await connect();
  const { client } = connection;
  await client.query('SET enable_seqscan = off');
  const bound = query.replaceAll(/\$(\d+)/g, (_, position) => pg.escapeLiteral(String(values[position - 1])));
  const { rows } = await client.query(`EXPLAIN (FORMAT JSON) ${bound}`);
  return JSON.stringify(rows[0]['QUERY PLAN'], null, 1);
}

test('the months ahead are made, and a second time nothing is', async () => {
  const [first] = (await maintain())!;
  expect(first).toEqual({ table: 'activity', made: 5, detached: [], monthsAhead: 3 });
  expect(await attached()).toEqual(
    expect.arrayContaining(['activity_2030_05', 'activity_2030_06', 'activity_2030_09']),
  );
  expect(await maintain()).toEqual([{ table: 'activity', made: 0, detached: [], monthsAhead: 3 }]);
});

test('what the default partition holds of a month moves into it when it is made', async () => {
  await record('2030-08-01T00:00:00.000Z');
  const place = () => sql(url, 'SELECT tableoid::regclass::text AS name FROM activity');
  expect(await place()).toEqual([{ name: 'activity_default' }]);
  await maintain();
  expect(await place()).toEqual([{ name: 'activity_2030_08' }]);
});

test('any number at once do it once', async () => {
  const outcomes = (await Promise.all(Array.from({ length: 6 }, () => maintain()))).flat();
  expect(outcomes.reduce((sum, outcome) => sum + (outcome?.made ?? 0), 0)).toBe(5);
});

test('months past the policy are detached and kept as tables; a range over them is empty, and they do not come back', async () => {
  await ensureMonths(database, 'activity', { from: new Date('2030-01-01'), months: 6 });
  for (const month of ['02', '03', '04']) await record(`2030-${month}-15T00:00:00.000Z`);
  const [done] = (await maintain(2))!;
  expect(done!.detached).toEqual(expect.arrayContaining(['activity_2030_02', 'activity_2030_03']));
  expect(done!.detached.at(-1)).toBe('activity_2030_03');
  expect(await attached()).not.toContain('activity_2030_03');
  expect(await between('2030-02-01T00:00:00Z', '2030-04-01T00:00:00Z')).toEqual([]);
  expect(await between('2030-02-01T00:00:00Z', '2030-05-01T00:00:00Z')).toHaveLength(1);
  expect(await sql(url, 'SELECT id FROM activity_2030_03')).toHaveLength(1);

  await ensureMonths(database, 'activity', { from: new Date('2030-01-01'), months: 6 });
  expect(await between('2030-02-01T00:00:00Z', '2030-04-01T00:00:00Z')).toEqual([]);
  expect((await maintain(2))![0]!.detached).toEqual([]);
});

test('without a policy everything is kept', async () => {
  await ensureMonths(database, 'activity', { from: new Date('2010-01-01'), months: 2 });
  expect((await maintain())![0]!.detached).toEqual([]);
  expect(await attached()).toContain('activity_2010_01');
});

test('a month that is in use is detached when it is free', async () => {
  await ensureMonths(database, 'activity', { from: new Date('2030-01-01'), months: 1 });
  await using reader = await connect();
  await reader.client.query('BEGIN; SELECT count(*) FROM activity');
  const detaching = maintain(1);
  await expect
    .poll(() =>
      sql(
        url,
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'lyceum-partitions' AND wait_event_type = 'Lock'",
      ),
    )
    .toHaveLength(1);
  await reader.client.query('COMMIT');
  expect((await detaching)![0]!.detached).toContain('activity_2030_01');
});

test('while somebody reads for long, as a backup does, no month is made, others read on, and the message says why', async () => {
  const last = (await attached()).findLast((name) => name !== 'activity_default');
  await sql(url, `DROP TABLE ${last}`);
  await using backup = await connect();
  await using other = await connect();
  await backup.client.query('BEGIN; SELECT count(*) FROM activity');
  const refusal = 'Could not make the months of activity: others hold the table, such as a backup';
  const attempts = Promise.allSettled([maintain(), migrate({ domain: 'progress', urls: { s1: url } })]);
  await expect
    .poll(() =>
      sql(
        url,
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
         AND application_name IN ('lyceum-partitions', 'lyceum-migrate')`,
      ),
    )
    .not.toHaveLength(0);
  await other.client.query('SELECT count(*) FROM activity');
  const reasons = (await attempts).map((attempt) => (attempt.status === 'rejected' ? String(attempt.reason) : ''));
  expect(reasons).toEqual([expect.stringContaining(refusal), expect.stringContaining(refusal)]);
  await backup.client.query('COMMIT');
  expect((await maintain())![0]!.made).toBe(5);
});
