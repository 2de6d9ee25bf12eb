/**
 * The local Redis: what was written survives a crash, and a server left over does not disturb.
 */
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive, type LocalRedis, startRedis, until } from '../src/index.ts';
import { temporaryFolder } from './support/folder.ts';

async function boot(directory: string): Promise<LocalRedis> {
  const redis = await startRedis({ directory });
  onTestFinished(() => redis.stop());
  return redis;
}

/** One command in Redis's inline form; resolves with the answer. */
function ask(redis: LocalRedis, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: redis.port, host: '127.0.0.1' }, () => socket.write(`${command}\r\n`));
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().trim());
    });
  });
}

test('what was written before a crash is there after it', async () => {
  await using folder = await temporaryFolder();
  const redis = await boot(folder.path);
  await ask(redis, 'SET note hello');
  await redis.kill('SIGKILL');
  await redis.start();
  expect(await ask(redis, 'GET note')).toBe('$5\r\nhello');
});

test('it never evicts and only this machine reaches it', async () => {
  await using folder = await temporaryFolder();
  const redis = await boot(folder.path);
  expect(await ask(redis, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
  expect(await ask(redis, 'CONFIG GET bind')).toContain('127.0.0.1');
});

test('a server left over from an earlier run is stopped', async () => {
  await using folder = await temporaryFolder();
  const first = await boot(folder.path);
  const pid = first.pid ?? 0;
  const second = await boot(folder.path);
  expect(await until(() => !isAlive(pid), 15_000)).toBe(true);
  expect(await ask(second, 'PING')).toBe('+PONG');
});
