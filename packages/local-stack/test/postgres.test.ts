/**
 * The local PostgreSQL through everything that happens to a developer's machine. Each test has clusters of its own.
 */
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  isAlive,
  type LocalPostgres,
  type PostgresOptions,
  startPostgres,
  stopLeftoverPostgres,
  until,
} from '../src/index.ts';
import { temporaryFolder } from './support/folder.ts';

/** `mkdtemp` makes folders that only root may enter when the tests run as root: the case of a clone below /root. */
async function boot(directory: string, options: Partial<PostgresOptions> = {}): Promise<LocalPostgres> {
  const postgres = await startPostgres({
    directory,
    shards: ['s1'],
    databases: ['lyceum'],
    durability: 'fast',
    ...options,
  });
  onTestFinished(() => postgres.stop('immediate'));
  return postgres;
}

test('a write to a primary is visible on its replica, also below a folder that only its owner may enter', async () => {
  await using folder = await temporaryFolder();
  const { primary, replica, ...shard } = await boot(join(folder.path, 'pg')).then((postgres) => {
    const s1 = postgres.shard('s1');
    return { primary: s1.primary, replica: s1.replica, caughtUp: () => s1.caughtUp() };
  });
  await primary.query('CREATE TABLE note (text text)', [], 'lyceum');
  await primary.query('INSERT INTO note VALUES ($1)', ['hello'], 'lyceum');
  await shard.caughtUp();
  expect(await replica.query('SELECT text FROM note', [], 'lyceum')).toEqual([{ text: 'hello' }]);
  await expect(replica.query("INSERT INTO note VALUES ('no')", [], 'lyceum')).rejects.toThrow('read-only');
});

test('a paused replica keeps its rows until it is resumed', async () => {
  await using folder = await temporaryFolder();
  const s1 = (await boot(folder.path)).shard('s1');
  await s1.primary.query('CREATE TABLE note (text text)', [], 'lyceum');
  await s1.caughtUp();
  await s1.replica.pause();
  await s1.primary.query("INSERT INTO note VALUES ('later')", [], 'lyceum');
  expect(await s1.replica.query('SELECT * FROM note', [], 'lyceum')).toEqual([]);
  await s1.replica.resume();
  await s1.caughtUp();
  expect(await s1.replica.query('SELECT * FROM note', [], 'lyceum')).toHaveLength(1);
});

test('a primary killed with SIGKILL recovers on the next start and its replica follows again', async () => {
  await using folder = await temporaryFolder();
  const s1 = (await boot(folder.path)).shard('s1');
  await s1.primary.query("CREATE TABLE note AS SELECT 'kept' AS text", [], 'lyceum');
  await s1.primary.kill('SIGKILL');
  await s1.primary.start();
  expect(await s1.primary.query('SELECT text FROM note', [], 'lyceum')).toEqual([{ text: 'kept' }]);
  await s1.primary.query("INSERT INTO note VALUES ('new')", [], 'lyceum');
  await s1.caughtUp();
  expect(await s1.replica.query('SELECT text FROM note', [], 'lyceum')).toHaveLength(2);
});

test('data, password and ports survive a restart; a taken port is replaced and the replica still follows', async () => {
  await using folder = await temporaryFolder();
  const first = await boot(folder.path);
  const ports = { ...first.shard('s1').ports };
  await first.shard('s1').primary.query("CREATE TABLE note AS SELECT 'kept' AS text", [], 'lyceum');
  await first.stop();

  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(ports.primary, '127.0.0.1', resolve));
  onTestFinished(() => void squatter.close());
  const s1 = (await boot(folder.path)).shard('s1');
  expect(s1.ports.replicas).toEqual(ports.replicas);
  expect(s1.ports.primary).not.toBe(ports.primary);
  await s1.primary.query("INSERT INTO note VALUES ('new')", [], 'lyceum');
  await s1.caughtUp();
  expect(await s1.replica.query('SELECT text FROM note', [], 'lyceum')).toHaveLength(2);
});

test('servers of an earlier run are stopped, and what that run had not finished is done again', async () => {
  await using folder = await temporaryFolder();
  const first = await boot(folder.path);
  const pids = [first.shard('s1').primary.pid ?? 0, first.shard('s1').replica.pid ?? 0];
  await stopLeftoverPostgres(folder.path);
  expect(await until(() => pids.every((pid) => !isAlive(pid)), 15_000)).toBe(true);

  await rm(join(folder.path, 's1/primary/lyceum.initialised'));
  await writeFile(join(folder.path, 's1/primary/data/PG_VERSION'), 'half');
  const s1 = (await boot(folder.path)).shard('s1');
  await s1.primary.query('CREATE TABLE note (text text)', [], 'lyceum');
  await s1.caughtUp();
  expect(await s1.replica.query('SELECT * FROM note', [], 'lyceum')).toEqual([]);
});

test('a replica whose files are lost is copied from its primary again', async () => {
  await using folder = await temporaryFolder();
  const first = await boot(folder.path);
  await first.shard('s1').primary.query("CREATE TABLE note AS SELECT 'kept' AS text", [], 'lyceum');
  await first.stop();
  await rm(join(folder.path, 's1/replica'), { recursive: true });
  const s1 = (await boot(folder.path)).shard('s1');
  expect(await s1.replica.query('SELECT text FROM note', [], 'lyceum')).toEqual([{ text: 'kept' }]);
});

test('a shard has as many replicas as it is told, the next time another number', async () => {
  await using folder = await temporaryFolder();
  const first = await boot(folder.path, { replicas: 2 });
  await first.shard('s1').primary.query("CREATE TABLE note AS SELECT 'kept' AS text", [], 'lyceum');
  await first.shard('s1').caughtUp();
  for (const replica of first.shard('s1').replicas) {
    expect(await replica.query('SELECT text FROM note', [], 'lyceum')).toHaveLength(1);
  }
  expect(first.urls('lyceum').s1?.replicas).toHaveLength(2);
  await first.stop();

  const alone = await boot(folder.path, { replicas: 0 });
  const slots = await alone.shard('s1').primary.query('SELECT slot_name FROM pg_replication_slots');
  expect(slots).toEqual([]);
  expect(alone.urls('lyceum').s1?.replicas).toEqual([]);
  await alone.stop();

  const more = (await boot(folder.path, { replicas: 3 })).shard('s1');
  for (const replica of more.replicas) {
    expect(await replica.query('SELECT text FROM note', [], 'lyceum')).toEqual([{ text: 'kept' }]);
  }
});

test('a primary with synchronous replicas acknowledges a commit only when one of them has it', async () => {
  await using folder = await temporaryFolder();
  const postgres = await boot(folder.path, { replicas: 2, synchronousStandbyNames: 'ANY 1 (replica, replica_2)' });
  const { primary, replicas } = postgres.shard('s1');
  const states = await primary.query('SELECT DISTINCT sync_state FROM pg_stat_replication');
  expect(states).toEqual([{ sync_state: 'quorum' }]);
  await replicas[0]!.stop();
  await primary.query("CREATE TABLE note AS SELECT 'one is enough' AS text", [], 'lyceum');
  await replicas[1]!.stop();

  const waiting = primary.query("INSERT INTO note VALUES ('heard')", [], 'lyceum');
  const waits = () => primary.query("SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
  await expect.poll(waits).toHaveLength(1);
  await replicas[1]!.start();
  await waiting;
  expect(await replicas[1]!.query('SELECT text FROM note', [], 'lyceum')).toHaveLength(2);
});
