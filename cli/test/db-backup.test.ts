/**
 * `lyceum db backup | verify | restore`, over all domains and shards, as a person runs them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DOMAINS, type Domain } from '@lyceum/database';
import { eventually, openTenant, sql, type Tenant } from '@lyceum/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { commandLine, lyceum } from './support.ts';

const SHARDS = ['s1', 's2'];
/** A test starts the command several times, each time over eight databases. */
const TIMEOUT_MS = 180_000;

let source: Tenant;
let copy: Tenant;
let work: string;
let folder: string;

beforeAll(async () => {
  source = await openTenant(DOMAINS);
  await lyceum(['seed'], source.env);
  const seeded = await lyceum(['seed', '--learners', '1000', '--progress-rows', '10000'], source.env);
  expect(seeded.code).toBe(0);
  for (const shard of SHARDS) {
    await sql(
      source.databaseUrl('ai', shard),
      `INSERT INTO ai_job (id, learner_id, kind, lesson_id, input, percentage)
       SELECT gen_random_uuid(), gen_random_uuid(), 'QUIZ', gen_random_uuid(), '{"line": "one\\ntwo"}', n / 7.0
       FROM generate_series(1, 300) n`,
    );
  }
});
afterAll(() => source?.close());

beforeEach(async () => {
  copy = await openTenant(DOMAINS);
  work = await mkdtemp(join(tmpdir(), 'lyceum-backup-test-'));
  folder = join(work, 'backup');
});
afterEach(async () => {
  await copy?.close();
  await rm(work, { recursive: true, force: true });
});

/** Of every table of a database, in a way of its own: not by the function that backups use. */
async function contentsOf(tenant: Tenant, domain: Domain, shard: string) {
  const url = tenant.databaseUrl(domain, shard);
  const tables = await sql(url, "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
  const contents: Record<string, unknown> = {};
  for (const { name } of tables) {
    if (name === '_prisma_migrations') continue;
    const text = `SELECT count(*)::int AS rows, md5(string_agg(t::text, ',' ORDER BY t::text COLLATE "C")) AS digest FROM "${name}" t`;
    contents[name] = (await sql(url, text))[0];
  }
  return contents;
}

async function everything(tenant: Tenant) {
  const databases = DOMAINS.flatMap((domain) => SHARDS.map((shard) => [domain, shard] as const));
  const all = databases.map(
    async ([domain, shard]) => [`${domain}/${shard}`, await contentsOf(tenant, domain, shard)] as const,
  );
  return Object.fromEntries(await Promise.all(all));
}

async function drop(tenant: Tenant, domain: Domain, shard: string) {
  const server = new URL(tenant.databaseUrl(domain, shard));
  const name = server.pathname.slice(1);
  server.pathname = '/postgres';
  await sql(server.href, `DROP DATABASE ${name} WITH (FORCE)`);
}

test('a restored backup gives the same rows and checksums in every table of every database', {
  timeout: TIMEOUT_MS,
}, async () => {
  const backup = await lyceum(['db', 'backup', '--out', folder], source.env);
  expect(backup.code, backup.stderr).toBe(0);
  expect(backup.stdout).toMatch(/^users\/s1 +[\d,]+ rows in \d+ tables, [\d.]+ MB$/m);
  expect((await lyceum(['db', 'verify', folder])).stdout).toMatch(/ is whole\.$/m);

  for (const domain of DOMAINS) await drop(copy, domain, 's1');
  const restore = await lyceum(['db', 'restore', folder], copy.env);
  expect(restore.code, restore.stderr).toBe(0);
  expect(restore.stdout).toMatch(/Every count and checksum is the backup's/);
  const before = await everything(source);
  expect(before['progress/s1']!.lesson_progress).toMatchObject({ rows: expect.any(Number) });
  expect(await everything(copy)).toEqual(before);

  const again = await lyceum(['db', 'restore', folder], copy.env);
  expect(again.code).toBe(1);
  expect(again.stderr).toMatch(/has rows in table .*drop the database/);
});

test('what is no part of the stack is refused in one line', async () => {
  const unknown = await lyceum(['db', 'backup', '--out', folder, '--shard', 's9'], source.env);
  expect(unknown).toMatchObject({ code: 1, stderr: 'There is no shard s9; there are s1, s2.\n' });
  const nothing = await lyceum(['db', 'restore', work], copy.env);
  expect(nothing).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/is not a backup: it has no manifest\.json/),
  });
  expect(await lyceum(['db', 'backup', '--out', folder, '--domain', 'mail'], source.env)).toMatchObject({ code: 2 });
});

test('a backup that is killed leaves nothing that a restore accepts', { timeout: TIMEOUT_MS }, async () => {
  // The last thing that is read of a database waits for this, when its tables are copied.
  const url = source.databaseUrl('users', 's2');
  await using lock = await hold(url, 'ALTER SEQUENCE outbox_message_seq RENAME TO held');
  const backup = spawn(process.execPath, commandLine('db', 'backup', '--out', folder), { env: source.env });
  await eventually(() => waits(url, 'lyceum-backup'), { timeoutMs: 60_000 });
  backup.kill('SIGKILL');
  await once(backup, 'exit');
  await lock[Symbol.asyncDispose]();
  expect(await readdir(join(folder, 'users/s2'))).toContain('user_account.copy.zst');
  for (const command of ['restore', 'verify']) {
    const { code, stderr } = await lyceum(['db', command, folder], copy.env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/is not a backup: it has no manifest\.json/);
  }
});

test('a restore that is killed is run again: what was half loaded is not there, what was loaded is kept', {
  timeout: TIMEOUT_MS,
}, async () => {
  expect(await lyceum(['db', 'backup', '--out', folder], source.env)).toMatchObject({ code: 0 });
  // The last thing before the commit of the last database waits for this.
  const url = copy.databaseUrl('users', 's2');
  await using lock = await hold(url, `COMMENT ON DATABASE ${new URL(url).pathname.slice(1)} IS NULL`);
  const restore = spawn(process.execPath, commandLine('db', 'restore', folder), { env: copy.env });
  const loadedBefore = copy.databaseUrl('progress', 's1');
  await eventually(async () => (await waits(url, 'lyceum-restore')) && (await isMarked(loadedBefore)), {
    timeoutMs: 60_000,
  });
  restore.kill('SIGKILL');
  await once(restore, 'exit');
  await lock[Symbol.asyncDispose]();
  expect(await sql(url, 'SELECT count(*)::int AS rows FROM user_account')).toEqual([{ rows: 0 }]);

  const again = await lyceum(['db', 'restore', folder], copy.env);
  expect(again.code, again.stderr).toBe(0);
  expect(again.stdout).toMatch(/^progress\/s1 .*: loaded by an earlier run$/m);
  expect(again.stdout).toMatch(/^users\/s2 .* MB$/m);
  expect(await everything(copy)).toEqual(await everything(source));
});

/** A transaction that has run `statement` and stays open. */
async function hold(url: string, statement: string): Promise<AsyncDisposable> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  await client.connect();
  await client.query('BEGIN');
  await client.query(statement);
  return { [Symbol.asyncDispose]: () => client.end() };
}

/** Whether a connection of that name waits for a lock. */
async function waits(url: string, applicationName: string): Promise<boolean> {
  const waiting = await sql(
    url,
    `SELECT 1 FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'`,
    [applicationName],
  );
  return waiting.length > 0;
}

/** Whether a restore has loaded this database. */
async function isMarked(url: string): Promise<boolean> {
  const statement = `SELECT shobj_description(oid, 'pg_database') IS NOT NULL AS marked
    FROM pg_database WHERE datname = current_database()`;
  const [row] = await sql<{ marked: boolean }>(url, statement);
  return row?.marked === true;
}
