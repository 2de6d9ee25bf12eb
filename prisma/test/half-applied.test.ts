/**
 * A migration that cannot run in a transaction, and runners that are killed in the middle of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, openTenant, sql, type Tenant } from '@lyceum/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createMigration, type Migration, type MigrationProgress, migrate, migrationStatus } from '../src/index.ts';

let tenant: Tenant;
let url: string;
beforeAll(async () => {
  tenant = await openTenant(['ai']);
  url = tenant.databaseUrl('ai', 's1');
});
afterAll(() => tenant?.close());

const table = createMigration('1_table', "CREATE TABLE item (name text); CREATE TYPE colour AS ENUM ('red');");
const stepped = createMigration(
  '2_stepped',
  `-- migrate: without transaction
INSERT INTO item VALUES ('from the first step');
-- migrate: next step
CREATE INDEX CONCURRENTLY item_name_idx ON item (name);
-- migrate: next step
ALTER TYPE colour ADD VALUE 'blue';
-- migrate: next step
INSERT INTO item SELECT enum_last(NULL::colour);
`,
);
const both = [table, stepped];

beforeEach(async () => {
  await sql(url, 'DROP SCHEMA public CASCADE');
  await sql(url, 'CREATE SCHEMA public');
  await migrate({ domain: 'ai', urls: { s1: url }, migrations: [table] });
});

const rowOf = async (name: string) =>
  (
    await sql(
      url,
      `SELECT finished_at IS NOT NULL AS finished, applied_steps_count AS steps, checksum, logs
       FROM _prisma_migrations WHERE migration_name = $1`,
      [name],
    )
  )[0];
const items = async () => (await sql(url, 'SELECT name FROM item ORDER BY name')).map(({ name }) => name);
const index = async () =>
  (
    await sql(
      url,
      "SELECT indexrelid AS id, indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass('item_name_idx')",
    )
  )[0];

async function resume(migrations: readonly Migration[] = both) {
  const seen: MigrationProgress[] = [];
  await migrate({ domain: 'ai', urls: { s1: url }, migrations, onProgress: (progress) => seen.push(progress) });
  return seen
    .filter(({ kind }) => kind !== 'waiting')
    .map((at) => ('step' in at ? `${at.kind} ${at.step} of ${at.of}` : at.kind));
}

/** Applies `both` in a process of its own. */
async function startRunner(): Promise<ChildProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'lyceum-migrate-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const { name, sql: text } of both) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'migration.sql'), text);
  }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'migrate-process.ts'), folder, url], {
    stdio: 'inherit',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** A transaction that is left open, and holds up others. */
async function openTransaction(statement: string) {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN');
  await client.query(statement);
  return { commit: () => client.query('COMMIT') };
}

const runners = "FROM pg_stat_activity WHERE application_name = 'lyceum-migrate' AND datname = current_database()";

/** Waits until the runner waits for a lock in a statement that begins so. */
const untilHeldUp = (statement: string) =>
  eventually(async () => {
    const waiting = await sql(url, `SELECT 1 ${runners} AND wait_event_type = 'Lock' AND query LIKE $1`, [
      `%${statement}%`,
    ]);
    expect(waiting).toHaveLength(1);
  });

async function kill(runner: ChildProcess): Promise<void> {
  runner.kill('SIGKILL');
  if (runner.exitCode === null && runner.signalCode === null) await once(runner, 'exit');
  await eventually(async () => expect(await sql(url, `SELECT query ${runners}`)).toEqual([]));
}

test('its steps are done one by one, and the table says the same as after Prisma', async () => {
  expect(await resume()).toEqual(['step 1 of 4', 'step 2 of 4', 'step 3 of 4', 'step 4 of 4', 'applied', 'done']);
  expect(await items()).toEqual(['blue', 'from the first step']);
  expect(await rowOf('2_stepped')).toEqual({ finished: true, steps: 4, checksum: stepped.checksum, logs: null });
  expect(await resume()).toEqual(['done']);
});

test('a half-applied migration is detected and resumed: killed while it builds an index, which is left invalid', async () => {
  const writer = await openTransaction("INSERT INTO item VALUES ('from a writer')");
  const runner = await startRunner();
  await untilHeldUp('CREATE INDEX CONCURRENTLY');
  await kill(runner);
  expect(await index()).toMatchObject({ valid: false });
  expect(await rowOf('2_stepped')).toMatchObject({ finished: false, steps: 1 });
  expect(await migrationStatus('ai', url, both)).toMatchObject({
    applied: ['1_table'],
    pending: [],
    halfApplied: { stepsDone: 1, migration: { name: '2_stepped' } },
  });

  await writer.commit();
  expect(await resume()).toEqual(['resumed 2 of 4', 'step 2 of 4', 'step 3 of 4', 'step 4 of 4', 'applied', 'done']);
  expect(await index()).toMatchObject({ valid: true });
  expect(await items()).toEqual(['blue', 'from a writer', 'from the first step']);
  expect(await rowOf('2_stepped')).toEqual({ finished: true, steps: 4, checksum: stepped.checksum, logs: null });
});

test('an index that was built by a runner who could not note it is not built again', async () => {
  const writer = await openTransaction("INSERT INTO item VALUES ('from a writer')");
  const runner = await startRunner();
  await untilHeldUp('CREATE INDEX CONCURRENTLY');
  const reader = await openTransaction(
    "SELECT 1 FROM _prisma_migrations WHERE migration_name = '2_stepped' FOR UPDATE",
  );
  await writer.commit();
  await untilHeldUp('UPDATE _prisma_migrations');
  const built = await index();
  expect(built).toMatchObject({ valid: true });
  await kill(runner);
  await reader.commit();
  expect(await rowOf('2_stepped')).toMatchObject({ finished: false, steps: 1 });
  expect(await resume()).toEqual(['resumed 2 of 4', 'step 2 of 4', 'step 3 of 4', 'step 4 of 4', 'applied', 'done']);
  expect(await index()).toEqual(built);
});

test('a step that was cut off in its transaction is done once', async () => {
  const writer = await openTransaction('LOCK TABLE item');
  const runner = await startRunner();
  await untilHeldUp('from the first step');
  await kill(runner);
  await writer.commit();
  expect(await items()).toEqual([]);
  expect((await resume())[0]).toBe('resumed 1 of 4');
  expect(await items()).toEqual(['blue', 'from the first step']);
});

test('two runners at once take turns, also while one of them builds an index', async () => {
  const writer = await openTransaction("INSERT INTO item VALUES ('from a writer')");
  const runner = await startRunner();
  await untilHeldUp('CREATE INDEX CONCURRENTLY');
  const seen: MigrationProgress[] = [];
  const second = migrate({ domain: 'ai', urls: { s1: url }, migrations: both, onProgress: (at) => seen.push(at) });
  await eventually(() =>
    expect(seen).toMatchObject([{ kind: 'waiting', holder: expect.stringMatching(/CREATE INDEX CONC/) }]),
  );
  await writer.commit();
  expect(await second).toEqual([{ shard: 's1', applied: [] }]);
  if (runner.exitCode === null) await once(runner, 'exit');
  expect(runner.exitCode).toBe(0);
  expect(await items()).toEqual(['blue', 'from a writer', 'from the first step']);
});

test('a step that fails is named by its line, and tried again when its cause is gone', async () => {
  const unique = createMigration(
    '2_unique',
    '-- migrate: without transaction\nANALYZE item;\n-- migrate: next step\n\nCREATE UNIQUE INDEX CONCURRENTLY item_name_idx ON item (name);',
  );
  await sql(url, "INSERT INTO item VALUES ('twice'), ('twice')");
  await expect(resume([table, unique])).rejects.toThrow(
    /ai on shard s1: 2_unique: step 2 of 2, .*could not create unique/,
  );
  expect(await index()).toMatchObject({ valid: false });
  expect((await rowOf('2_unique'))?.logs).toMatch(/could not create unique index/);
  await sql(url, 'DELETE FROM item WHERE ctid = (SELECT min(ctid) FROM item)');
  expect(await resume([table, unique])).toEqual(['resumed 2 of 2', 'step 2 of 2', 'applied', 'done']);
  expect(await index()).toMatchObject({ valid: true });
});

test('a file that was edited after a part of it was applied is refused', async () => {
  const broken = createMigration('2_stepped', stepped.sql.replace('ADD VALUE', 'ADD VALEU'));
  await expect(resume([table, broken])).rejects.toThrow(/step 3 of 4, line 6: syntax error/);
  await expect(resume()).rejects.toThrow(/2_stepped: the file was edited .* set rolled_back_at/);
});

test('what cannot run in a transaction is refused with the remedy', async () => {
  const unmarked = createMigration('2_unmarked', 'CREATE INDEX CONCURRENTLY item_name_idx ON item (name);');
  await expect(resume([table, unmarked])).rejects.toThrow(/begins with "-- migrate: without transaction"/);
  expect(await rowOf('2_unmarked')).toBeUndefined();
});
