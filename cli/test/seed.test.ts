import { openTenant, sql, type Tenant } from '@lyceum/testing';
import { verifyPassword } from '@lyceum/users/passwords';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lyceum } from './support.ts';

let tenant: Tenant;
beforeEach(async () => {
  tenant = await openTenant(['courses', 'users', 'progress']);
});
afterEach(() => tenant.close());

async function onShards(domain: 'courses' | 'users' | 'progress', statement: string) {
  const shards = await Promise.all(['s1', 's2'].map((shard) => sql(tenant.databaseUrl(domain, shard), statement)));
  return shards;
}

test('the seed makes three courses in order of creation over the shards, and an account for each role', async () => {
  const { code, stdout } = await lyceum(['seed'], tenant.env);
  expect(code).toBe(0);
  expect(stdout).toMatch(/Accounts: learner@lyceum\.example, instructor@lyceum\.example, admin@lyceum\.example/);
  const courses = await onShards('courses', 'SELECT slug, status FROM course ORDER BY id');
  expect(courses.map((rows) => rows.map(({ slug, status }) => [slug, status]))).toEqual([
    [
      ['how-databases-replicate', 'PUBLISHED'],
      ['learning-how-to-learn', 'PUBLISHED'],
    ],
    [['a-tour-of-graphql-federation', 'PUBLISHED']],
  ]);
  const accounts = (
    await onShards(
      'users',
      'SELECT email, roles, password_hash FROM user_account u JOIN credential c ON c.user_id = u.id',
    )
  ).flat();
  expect(new Map(accounts.map(({ email, roles }) => [email, roles]))).toEqual(
    new Map([
      ['learner@lyceum.example', ['LEARNER']],
      ['instructor@lyceum.example', ['LEARNER', 'INSTRUCTOR']],
      ['admin@lyceum.example', ['LEARNER', 'ADMIN']],
    ]),
  );
  for (const account of accounts) expect(await verifyPassword(account.password_hash, 'lyceum-demo')).toBe(true);
});

test('every course of the seed has problems of each kind, each with an explanation', async () => {
  await lyceum(['seed'], tenant.env);
  const courses = await onShards(
    'courses',
    `SELECT c.slug, array_agg(DISTINCT b.body->>'problemKind' ORDER BY b.body->>'problemKind') AS kinds,
       bool_and(length(b.grading->>'explanation') > 20) AS explained
     FROM course c JOIN block b ON b.course_id = c.id WHERE b.kind = 'PROBLEM' GROUP BY c.slug`,
  );
  expect(courses.flat()).toHaveLength(3);
  for (const course of courses.flat()) {
    expect(course).toMatchObject({ kinds: ['MULTIPLE_CHOICE', 'NUMERIC', 'SINGLE_CHOICE', 'TEXT'], explained: true });
  }
});

test('the seed a second time changes nothing', async () => {
  await lyceum(['seed'], tenant.env);
  const look = async () => [
    await onShards('courses', 'SELECT * FROM course ORDER BY id'),
    await onShards('users', 'SELECT * FROM user_account JOIN credential ON user_id = id ORDER BY id'),
  ];
  const before = await look();
  const { code, stdout } = await lyceum(['seed'], tenant.env);
  expect(code).toBe(0);
  expect(stdout.match(/no change/g)).toHaveLength(3);
  expect(await look()).toEqual(before);
});

test('learners are made with progress in the published courses, the same for the same seed', async () => {
  const early = await lyceum(['seed', '--learners', '10'], tenant.env);
  expect(early).toMatchObject({ code: 1 });
  expect(early.stderr).toMatch(/no published course/);
  await lyceum(['seed'], tenant.env);
  const args = ['seed', '--learners', '300', '--progress-rows', '2000', '--seed', 'test'];
  const first = await lyceum(args, tenant.env);
  expect(first.stdout).toMatch(/^300 learners with 2,000 rows of lesson progress in [\d.]+ s\.$/m);
  const count = async () =>
    (await onShards('progress', 'SELECT count(*)::int AS rows FROM lesson_progress')).map(
      ([row]) => row?.rows as number,
    );
  const rows = await count();
  expect(rows[0]! + rows[1]!).toBe(2000);
  expect(Math.min(...rows)).toBeGreaterThan(0);
  const second = await lyceum(args, tenant.env);
  expect(second.stdout).toMatch(/^No change: the 300 learners of seed test are there already\.$/m);
  expect(await count()).toEqual(rows);
});
