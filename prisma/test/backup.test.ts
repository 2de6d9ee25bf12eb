/**
 * Backups: the same rows again, from one moment, or nothing.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, openTenant, sql, type Tenant } from '@lyceum/testing';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backUp, type Domain, migrate, migrationsOf, restore, verifyBackup } from '../src/index.ts';

let tenant: Tenant;
let copy: Tenant;
let folder: string;

beforeEach(async () => {
  [tenant, copy] = await Promise.all([openTenant(['users', 'progress']), openTenant(['users', 'progress'])]);
  folder = join(await mkdtemp(join(tmpdir(), 'lyceum-backup-test-')), 'backup');
});
afterEach(async () => {
  await Promise.all([tenant?.close(), copy?.close()]);
  await rm(join(folder, '..'), { recursive: true, force: true });
});

const source = (domain: Domain, shard: string) => ({ domain, shard, url: tenant.databaseUrl(domain, shard) });
const bringBack = (o: Partial<Parameters<typeof restore>[0]> = {}) =>
  restore({ folder, urlOf: (domain, shard) => copy.databaseUrl(domain, shard), ...o });
const rowsOf = async (of: Tenant, domain: Domain, shard: string, table: string) =>
  Number((await sql(of.databaseUrl(domain, shard), `SELECT count(*) AS n FROM ${table}`))[0]!.n);
const addUsers = (count: number, url = tenant.databaseUrl('users', 's1')) =>
  sql(
    url,
    `WITH made AS (INSERT INTO user_account (id, email, display_name)
       SELECT gen_random_uuid(), n || '@example.org', E'A\\tname\\nwith \\\\N ' || n FROM generate_series(1, $1::int) n RETURNING id)
     INSERT INTO credential (user_id, password_hash) SELECT id, 'secret' FROM made`,
    [count],
  );

test('the files of a backup are for their owner alone', async () => {
  await addUsers(3);
  await backUp({ folder, sources: [source('users', 's1')] });
  for (const name of await readdir(folder, { recursive: true })) {
    const file = await stat(join(folder, name));
    expect(file.mode & 0o077, name).toBe(0);
  }
  expect(await readFile(join(folder, 'manifest.json'), 'utf8')).not.toMatch(/postgres(ql)?:|secret/);
});

test('a folder that holds anything is refused, and left alone', async () => {
  await addUsers(1);
  await backUp({ folder, sources: [source('users', 's1')] });
  await expect(backUp({ folder, sources: [source('users', 's2')] })).rejects.toThrow(/is not empty/);
  expect((await verifyBackup(folder)).databases).toHaveLength(1);
});

test('a backup that fails leaves nothing behind', async () => {
  await addUsers(10);
  const away = { domain: 'users', shard: 's2', url: 'postgres://nobody@127.0.0.1:9/none' } as const;
  await expect(backUp({ folder, sources: [source('users', 's1'), away] })).rejects.toThrow(
    /users\/s2 cannot be reached: .*ECONNREFUSED/,
  );
  expect(await readdir(folder)).toEqual([]);
});

test.for(['users/s1/user_account.copy.zst', 'manifest.json'])(
  'a changed byte in %s is refused before anything is written',
  async (name) => {
    await addUsers(100);
    await backUp({ folder, sources: [source('users', 's1'), source('users', 's2')] });
    const file = join(folder, name);
    const bytes = await readFile(file);
    const at = name === 'manifest.json' ? bytes.indexOf('"rows": 100') + 9 : Math.floor(bytes.length / 2);
    bytes[at]! ^= 1;
    await writeFile(file, bytes);
    await expect(verifyBackup(folder)).rejects.toThrow(/was changed after it was written/);
    await sql(copy.databaseUrl('users', 's1'), 'DROP TABLE notification, _prisma_migrations');
    await expect(bringBack()).rejects.toThrow(`${file} was changed after it was written`);
    expect(await rowsOf(copy, 'users', 's1', 'user_account')).toBe(0);
    const [left] = await sql(copy.databaseUrl('users', 's1'), "SELECT to_regclass('notification') AS made");
    expect(left).toEqual({ made: null });
  },
);

test('a file that is missing or cut short is named', async () => {
  await addUsers(100);
  await backUp({ folder, sources: [source('users', 's1')] });
  const file = join(folder, 'users/s1/credential.copy.zst');
  await writeFile(file, (await readFile(file)).subarray(0, -1));
  await expect(verifyBackup(folder)).rejects.toThrow(`${file} was changed`);
  await rm(file);
  await expect(verifyBackup(folder)).rejects.toThrow(`${file} cannot be read`);
});

test('a database with rows is refused by the name of its table, and no other is touched', async () => {
  await addUsers(5);
  await backUp({ folder, sources: [source('users', 's1'), source('users', 's2')] });
  await addUsers(1, copy.databaseUrl('users', 's2'));
  await expect(bringBack()).rejects.toThrow(/users\/s2 has rows in table user_account.*drop the database/s);
  expect(await rowsOf(copy, 'users', 's1', 'user_account')).toBe(0);
  expect(await rowsOf(copy, 'users', 's2', 'user_account')).toBe(1);
});

test('one shard comes back without the others', async () => {
  await addUsers(5);
  await addUsers(7, tenant.databaseUrl('users', 's2'));
  await backUp({ folder, sources: [source('users', 's1'), source('users', 's2')] });
  const { restored } = await bringBack({ part: { shard: 's2' } });
  expect(restored.map(({ domain, shard }) => `${domain}/${shard}`)).toEqual(['users/s2']);
  expect(await rowsOf(copy, 'users', 's1', 'user_account')).toBe(0);
  expect(await rowsOf(copy, 'users', 's2', 'user_account')).toBe(7);
  await expect(bringBack({ part: { domain: 'ai' } })).rejects.toThrow('It has users/s1, users/s2.');
});

test('partitions, detached ones too, sequences and the outbox come back as they were', async () => {
  const url = tenant.databaseUrl('progress', 's1');
  await sql(url, "SELECT ensure_activity_partitions('2024-01-01', 3)");
  await sql(
    url,
    `INSERT INTO activity (id, learner_id, kind, course_id, occurred_at)
     SELECT gen_random_uuid(), gen_random_uuid(), 'ENROLLED', gen_random_uuid(), at
     FROM generate_series('2023-12-01'::timestamptz, '2024-03-20', '1 day') at`,
  );
  await sql(url, 'ALTER TABLE activity DETACH PARTITION activity_2024_01');
  for (const key of ['a', 'b', 'c']) {
    await sql(
      url,
      `INSERT INTO outbox_message (id, kind, name, version, key, payload, delivery)
       VALUES (gen_random_uuid(), 'event', 'test', 1, $1, '{}', 'live')`,
      [key],
    );
  }
  await sql(url, "DELETE FROM outbox_message WHERE key = 'a'");
  await backUp({ folder, sources: [source('progress', 's1')] });
  await bringBack();
  const look = async (of: Tenant) => ({
    outbox: await sql(of.databaseUrl('progress', 's1'), 'SELECT * FROM outbox_message ORDER BY seq'),
    next: await sql(of.databaseUrl('progress', 's1'), "SELECT nextval('outbox_message_seq')"),
    activity: await sql(
      of.databaseUrl('progress', 's1'),
      'SELECT tableoid::regclass::text AS partition, * FROM activity ORDER BY id',
    ),
    detached: await sql(of.databaseUrl('progress', 's1'), 'SELECT * FROM activity_2024_01 ORDER BY id'),
  });
  const before = await look(tenant);
  expect(before.outbox).toHaveLength(2);
  expect(before.detached).toHaveLength(31);
  expect(new Set(before.activity.map(({ partition }) => partition))).toEqual(
    new Set(['activity_2024_02', 'activity_2024_03', 'activity_default']),
  );
  expect(await look(copy)).toEqual(before);
});

test('a role that may not silence foreign keys makes the databases and fills them in order', async () => {
  await addUsers(20);
  await backUp({ folder, sources: [source('users', 's1')] });
  const role = `restorer_${randomUUID().slice(0, 8)}`;
  const server = new URL(copy.databaseUrl('users', 's1'));
  server.pathname = '/postgres';
  await sql(server.href, `CREATE ROLE ${role} LOGIN CREATEDB PASSWORD 'restorer'`);
  const target = new URL(server);
  Object.assign(target, { username: role, password: 'restorer', pathname: `/${role}` });
  try {
    await bringBack({ urlOf: () => target.href });
    expect(
      await sql(target.href, 'SELECT count(*)::int AS n FROM credential JOIN user_account ON id = user_id'),
    ).toEqual([{ n: 20 }]);
    const asleep = await sql(target.href, "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'O'");
    expect(asleep).toEqual([]);
  } finally {
    await sql(server.href, `DROP DATABASE IF EXISTS ${role} WITH (FORCE)`);
    await sql(server.href, `DROP ROLE ${role}`);
  }
});

test('a backup from before a migration is loaded as it was, and migrated then', async () => {
  const migrations = await migrationsOf('users');
  const url = tenant.databaseUrl('users', 's1');
  await sql(url, 'DROP SCHEMA public CASCADE');
  await sql(url, 'CREATE SCHEMA public');
  await migrate({ domain: 'users', urls: { s1: url }, migrations: migrations.slice(0, 1) });
  await addUsers(4);
  await backUp({ folder, sources: [source('users', 's1')] });
  await expect(bringBack()).rejects.toThrow(/has migration .* newer than the backup. Drop the database/);
  await sql(copy.databaseUrl('users', 's1'), 'DROP SCHEMA public CASCADE');
  await sql(copy.databaseUrl('users', 's1'), 'CREATE SCHEMA public');
  await bringBack();
  expect(await rowsOf(copy, 'users', 's1', 'user_account')).toBe(4);
  expect(await rowsOf(copy, 'users', 's1', '_prisma_migrations')).toBe(migrations.length);
});

test('a backup with a migration that this checkout does not know is refused', async () => {
  await sql(
    tenant.databaseUrl('users', 's1'),
    `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name)
     VALUES ('later', repeat('0', 64), now(), '29990101000000_later')`,
  );
  await backUp({ folder, sources: [source('users', 's1')] });
  await expect(bringBack()).rejects.toThrow(/migration 29990101000000_later, which this checkout does not know/);
});

const ranges = (...at: [number, number, string][]) => at.map(([from, to, shard]) => ({ from, to, shard }));
const halves = ranges([0, 2047, 's1'], [2048, 4095, 's2']);
const elsewhere = { primary: 'old.example:5432', replicas: [] };
const tellMap = (of: Tenant, shard: string, map: { version: number; ranges: object[]; members: object }) =>
  sql(of.databaseUrl('users', shard), 'UPDATE shard_map SET version = $1, map = $2', [
    map.version,
    JSON.stringify({ ...map, residue: [] }),
  ]);
const mapOf = async (of: Tenant, shard: string) =>
  (await sql(of.databaseUrl('users', shard), 'SELECT version, map FROM shard_map'))[0];

test.for(['lyceum-backup', 'lyceum-restore'])(
  'a connection of %s that is lost in the middle of a table fails the run, which leaves nothing and can be run again',
  async (applicationName) => {
    await sql(
      tenant.databaseUrl('progress', 's1'),
      `INSERT INTO learner_streak SELECT gen_random_uuid(), 1, 1, '2026-11-01' FROM generate_series(1, 300000)`,
    );
    const backingUp = applicationName === 'lyceum-backup';
    const run = async () => {
      if (backingUp) await backUp({ folder, sources: [source('progress', 's1')] });
      else await bringBack();
    };
    if (!backingUp) await backUp({ folder, sources: [source('progress', 's1')] });
    const failing = expect(run()).rejects.toThrow(/^progress\/s1.* table learner_streak: /);
    const url = (backingUp ? tenant : copy).databaseUrl('progress', 's1');
    await eventually(
      async () => {
        const ended = await sql(
          url,
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND application_name = $1 AND query LIKE 'COPY%learner_streak%'`,
          [applicationName],
        );
        return ended.length > 0;
      },
      { everyMs: 1 },
    );
    await failing;
    if (backingUp) expect(await readdir(folder)).toEqual([]);
    else expect(await rowsOf(copy, 'progress', 's1', 'learner_streak')).toBe(0);
    await run();
  },
);

test('shards that know different maps are not copied: a bucket could be in neither', async () => {
  await tellMap(tenant, 's1', { version: 7, ranges: halves, members: { s1: null, s2: null } });
  await tellMap(tenant, 's2', { version: 8, ranges: halves, members: { s1: null, s2: null } });
  await expect(backUp({ folder, sources: [source('users', 's1'), source('users', 's2')] })).rejects.toThrow(
    /different shard maps \(s1: 7, s2: 8\)/,
  );
  expect(await readdir(folder)).toEqual([]);
});

test('buckets come back to the shards that had them, and no server of the old stack is written to', async () => {
  const moved = ranges([0, 99, 's1'], [100, 4095, 's2']);
  for (const shard of ['s1', 's2']) {
    await tellMap(tenant, shard, { version: 7, ranges: moved, members: { s1: elsewhere, s2: null } });
    await tellMap(copy, shard, { version: 1, ranges: halves, members: { s1: null, s2: null } });
  }
  await backUp({ folder, sources: [source('users', 's1'), source('users', 's2')] });
  await bringBack();
  for (const shard of ['s1', 's2']) {
    const map = { ranges: moved, members: { s1: null, s2: null } };
    expect(await mapOf(copy, shard)).toMatchObject({ version: 7, map });
  }
});

test('a shard that comes back among living ones takes their map, and is refused if its buckets have moved', async () => {
  await addUsers(3);
  await tellMap(tenant, 's1', { version: 2, ranges: halves, members: { s1: elsewhere, s2: null } });
  await tellMap(tenant, 's2', { version: 2, ranges: halves, members: { s1: elsewhere, s2: null } });
  await backUp({ folder, sources: [source('users', 's1'), source('users', 's2')] });
  const living = { version: 4, ranges: ranges([0, 99, 's1'], [100, 4095, 's2']), members: { s1: null, s2: elsewhere } };
  await tellMap(copy, 's2', living);
  await expect(bringBack({ part: { shard: 's1' } })).rejects.toThrow(/users\/s1 serves other buckets now/);
  expect(await rowsOf(copy, 'users', 's1', 'user_account')).toBe(0);

  await tellMap(copy, 's2', { ...living, ranges: halves });
  await bringBack({ part: { shard: 's1' } });
  expect(await mapOf(copy, 's1')).toMatchObject({ version: 4, map: { members: { s2: elsewhere } } });
});

test('a copy made under writes is of one moment: every counter in it says what its rows say', async () => {
  const url = tenant.databaseUrl('progress', 's1');
  await sql(
    url,
    `INSERT INTO enrollment (id, learner_id, course_id) SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid()
     FROM generate_series(1, 50)`,
  );
  // What is copied between the two tables of the invariant, so that the copy takes a while.
  await sql(
    url,
    `INSERT INTO learner_streak SELECT gen_random_uuid(), 1, 1, '2026-11-01' FROM generate_series(1, 100000)`,
  );
  let copied = false;
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  const write = async () => {
    let written = 0;
    for (; !copied; written += 1) {
      await pool.query(
        `WITH chosen AS (UPDATE enrollment SET completed_lessons = completed_lessons + 1
             WHERE id = (SELECT id FROM enrollment ORDER BY random() LIMIT 1) RETURNING learner_id, course_id)
           INSERT INTO lesson_progress (learner_id, lesson_id, course_id, completed_at)
           SELECT learner_id, gen_random_uuid(), course_id, now() FROM chosen`,
      );
    }
    return written;
  };
  const writers = [write(), write()];
  await eventually(async () => (await rowsOf(tenant, 'progress', 's1', 'lesson_progress')) > 20);
  const { databases } = await backUp({ folder, sources: [source('progress', 's1')] });
  copied = true;
  const written = (await Promise.all(writers)).reduce((sum, one) => sum + one, 0);
  await pool.end();
  const rows = databases[0]!.tables.find(({ name }) => name === 'lesson_progress')!.rows;
  expect(rows).toBeGreaterThan(20);
  expect(written).toBeGreaterThan(rows);

  await bringBack();
  const wrong = await sql(
    copy.databaseUrl('progress', 's1'),
    `SELECT id FROM enrollment e WHERE completed_lessons <> (SELECT count(*) FROM lesson_progress l
       WHERE l.learner_id = e.learner_id AND l.course_id = e.course_id)`,
  );
  expect(wrong).toEqual([]);
  expect(await rowsOf(copy, 'progress', 's1', 'lesson_progress')).toBe(rows);
});
