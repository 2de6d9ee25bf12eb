/**
 * The local PostgreSQL through everything that happens to a developer's machine. Each test has clusters of its own.
 */
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive, type LocalPostgres, startPostgres, stopLeftoverPostgres, until } from '../src/index.ts';
import { temporaryFolder } from './support/folder.ts';

/** `mkdtemp` makes folders that only root may enter when the tests run as root: the case of a clone below /root. */
async function boot(directory: string, ports?: { primary: number; replica: number }): Promise<LocalPostgres> {
  const postgres = await startPostgres({
    directory,
    shards: ['s1'],
    databases: ['lyceum'],
    durability: 'fast',
    ...(ports && { ports: { s1: ports } }),
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
  expect(s1.ports.replica).toBe(ports.replica);
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
