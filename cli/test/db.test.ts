/**
 * `lyceum db migrate`, `status` and `drift` against databases that are behind, half applied or changed by hand.
 */
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lyceum } from './support.ts';

let tenant: Tenant;
beforeEach(async () => {
  tenant = await openTenant(['users', 'courses', 'progress', 'ai']);
});
afterEach(() => tenant.close());

const db = (...args: string[]) => lyceum(['db', ...args], tenant.env);

test('a stack that is up to date has nothing pending and no drift', async () => {
  expect(await db('status')).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/✓ ai on s2 +every/) });
  expect(await db('migrate')).toMatchObject({ code: 0, stdout: 'Everything is applied.\n' });
  expect(await db('drift')).toMatchObject({ code: 0, stdout: expect.stringMatching(/✓ courses on s1 agrees/) });
});

test('what is pending is shown, previewed and applied, on the shard where it is pending', async () => {
  const name = '20261121200000_notifications';
  const url = tenant.databaseUrl('users', 's2');
  await sql(url, 'DROP SCHEMA public CASCADE');
  await sql(url, 'CREATE SCHEMA public');

  const status = await db('status');
  expect(status).toMatchObject({ code: 1, stderr: expect.stringMatching(/1 database not as this checkout needs it/) });
  expect(status.stdout).toMatch(/✓ users on s1 +everything/);
  expect(status.stdout).toMatch(new RegExp(`✗ users on s2 +pending: .*${name}`));

  const preview = await db('migrate', '--dry-run', '--domain', 'users');
  expect(preview).toMatchObject({ code: 0, stdout: expect.stringContaining(`users on s2: would apply ${name}`) });
  expect(await sql(url, "SELECT to_regclass('notification') AS there")).toEqual([{ there: null }]);

  const applied = await db('migrate');
  expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining(`users on s2: ${name} applied\n`) });
  expect(await db('status', '--domain', 'users')).toMatchObject({ code: 0 });
  expect(await db('drift', '--domain', 'users')).toMatchObject({ code: 0 });
});

test('a failure says how far every shard is and what was not begun', async () => {
  const urls = ['s1', 's2'].map((shard) => tenant.databaseUrl('progress', shard));
  for (const url of urls) await sql(url, 'DELETE FROM _prisma_migrations');
  const { code, stderr } = await db('migrate');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Migrations of progress on shard s\d: 20\d+_init: type "enrollment_status" already exists/);
  expect(stderr).toMatch(/\n {2}s\d: failed\n/);
  expect(stderr).toMatch(/\nNot begun: ai\.\nWhat was applied stays; run it again/);
});

test('an edited history, a server that is away and a change by hand are named', async () => {
  await sql(tenant.databaseUrl('ai', 's1'), "UPDATE _prisma_migrations SET checksum = 'edited'");
  await sql(tenant.databaseUrl('courses', 's2'), 'CREATE INDEX by_hand ON course (language)');
  const { stdout } = await lyceum(['db', 'status'], {
    ...tenant.env,
    DATABASE_URL_AI_S2: 'postgres://127.0.0.1:9/none',
  });
  expect(stdout).toMatch(/✗ ai on s1 +drifted: 20\d+_init the file was edited/);
  expect(stdout).toMatch(/✗ ai on s2 +does not answer \(.*ECONNREFUSED/);

  const drift = await db('drift');
  expect(drift).toMatchObject({ code: 1, stderr: '1 difference.\n' });
  expect(drift.stdout).toMatch(/✗ courses on s2\n +index course using btree \(language\) is in the database, but/);
});

test('a statement that cannot be explained is counted and named, with the reason', async () => {
  const url = tenant.databaseUrl('users', 's1');
  await sql(url, 'CREATE EXTENSION pg_stat_statements');
  await Promise.all(Array.from({ length: 10 }, () => sql(url, "SELECT interval '1 day'")));
  const { code, stdout } = await db('explain', '--domain', 'users');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^users: \d+ hot statements?, 1 of them not explained$/m);
  expect(stdout).toMatch(/^– 10 × [\d.]+ ms {2}SELECT interval \$1\n {4}not explained: syntax error/m);
});

test('where no statement is hot nothing was looked at, and that is no success', async () => {
  const url = tenant.databaseUrl('ai', 's1');
  await sql(url, 'CREATE EXTENSION pg_stat_statements');
  await sql(url, 'SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database()');
  expect(await db('explain', '--domain', 'ai')).toMatchObject({
    code: 1,
    stdout: 'ai: 0 hot statements, 0 of them not explained\n',
    stderr: expect.stringMatching(/^No statement of ai was called 10 times: .*fresh or were reset.* run this again\./),
  });
});

test('a server that does not show its statements is named with what helps', async () => {
  const url = tenant.databaseUrl('ai', 's1');
  await sql(url, `CREATE ROLE ${tenant.id} LOGIN PASSWORD 'secret'`);
  const asRole = Object.assign(new URL(url), { username: tenant.id, password: 'secret' }).href;
  const explain = () => lyceum(['db', 'explain', '--domain', 'ai'], { ...tenant.env, DATABASE_URL_AI_S1: asRole });
  expect(await explain()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/ai on s1 has no pg_stat_statements, .* superuser run CREATE EXTENSION/),
  });
  await sql(url, 'CREATE EXTENSION pg_stat_statements');
  await sql(url, 'SELECT 1 AS hidden');
  expect(await explain()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/grant this role pg_read_all_stats/),
  });
  await sql(url, `DROP ROLE ${tenant.id}`);
});
