/**
 * Where rows lie, and reading across shards.
 */
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, ensureMonths, newId, newIdBeside } from '../src/index.ts';
import { openTestDatabase } from './support.ts';

let tenant: Tenant;
let opened: Awaited<ReturnType<typeof openTestDatabase<'progress'>>>;
let progress: Database<'progress'>;

beforeAll(async () => {
  tenant = await openTenant(['progress']);
  opened = await openTestDatabase('progress', tenant.env);
  progress = opened.database;
});

afterAll(async () => {
  await opened?.close();
  await tenant?.close();
});

const enrol = (learnerId: string, courseId = newId(0)) =>
  progress
    .session(learnerId)
    .transaction(learnerId, (tx) =>
      tx.enrollment.create({ data: { id: newIdBeside(learnerId), learnerId, courseId } }),
    );

test('rows of learners lie on the shard of their bucket, on both shards', async () => {
  const learners = [newId(0), newId(2047), newId(2048), newId(4095)];
  const made = await Promise.all(learners.map((learner) => enrol(learner)));
  expect(learners.map((learner) => progress.shardOf(learner))).toEqual(['s1', 's1', 's2', 's2']);
  for (const [n, { id }] of made.entries()) {
    expect(progress.shardOf(id)).toBe(progress.shardOf(learners[n]!));
    const rows = await sql(
      tenant.databaseUrl('progress', progress.shardOf(id)),
      'SELECT 1 FROM enrollment WHERE id = $1',
      [id],
    );
    expect(rows).toHaveLength(1);
  }
});

test('ids are asked for with one call per shard, without doubles, and what is no id is left out', async () => {
  const learners = [newId(10), newId(11), newId(3000)];
  const made = await Promise.all(learners.map((learner) => enrol(learner)));
  const ids = made.map(({ id }) => id);
  const calls: string[][] = [];
  const rows = await progress.session(null).byShard(
    [...ids, ids[0]!, 'no-id'],
    (client, some) => {
      calls.push(some);
      return client.enrollment.findMany({ where: { id: { in: some } } });
    },
    'primary',
  );
  expect(rows.map(({ id }) => id).sort()).toEqual([...ids].sort());
  expect(calls.map((some) => some.length).sort()).toEqual([1, 2]);
});

test('every shard is asked, in order', async () => {
  const names = await progress.session(null).everyShard(async (client, { shard }) => {
    const [row] = await client.$queryRaw<{ one: number }[]>`SELECT 1 AS one`;
    return `${shard}:${row!.one}`;
  });
  expect(names).toEqual(['s1:1', 's2:1']);
});

test('activity lies in the partition of its month, and partitions can be made again and again', async () => {
  const learner = newId(30);
  const at = new Date('2031-05-31T23:59:59.999Z');
  const record = () =>
    progress.session(learner).transaction(learner, (tx) =>
      tx.activity.create({
        data: { id: newIdBeside(learner), learnerId: learner, kind: 'ENROLLED', courseId: newId(0), occurredAt: at },
      }),
    );
  await record();
  const place = async () => {
    const rows = await sql(
      tenant.databaseUrl('progress', 's1'),
      'SELECT tableoid::regclass::text AS partition FROM activity WHERE learner_id = $1',
      [learner],
    );
    return rows.map(({ partition }) => partition);
  };
  expect(await place()).toEqual(['activity_default']);
  expect(await ensureMonths(progress, 'activity', { from: at, months: 2 })).toBe(4);
  expect(await ensureMonths(progress, 'activity', { from: at, months: 2 })).toBe(0);
  await record();
  expect(await place()).toEqual(['activity_2031_05', 'activity_2031_05']);
});

test('a fresh database has the partition of this month', async () => {
  const learner = newId(31);
  await progress.session(learner).transaction(learner, (tx) =>
    tx.activity.create({
      data: { id: newIdBeside(learner), learnerId: learner, kind: 'ENROLLED', courseId: newId(0) },
    }),
  );
  const rows = await sql(
    tenant.databaseUrl('progress', 's1'),
    'SELECT tableoid::regclass::text AS partition FROM activity WHERE learner_id = $1',
    [learner],
  );
  expect(rows[0]!.partition).toMatch(/^activity_\d{4}_\d{2}$/);
});
