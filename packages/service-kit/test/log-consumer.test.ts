import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CoursePublished, type EventEnvelope } from '@lyceum/contracts';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  closeRedis,
  connectRedis,
  consumeLog,
  createLogger,
  publishEnvelope,
  type Redis,
  type RedisKeys,
} from '../src/index.ts';
import { freshKeys, openRedisServer, type RedisServer } from './redis-server.ts';

const log = createLogger('test', { level: 'silent' });
let server: RedisServer;
let publisher: Redis;
beforeAll(async () => {
  server = await openRedisServer();
  publisher = await connectRedis(server.url, 'publisher', { log });
});
afterAll(async () => {
  await closeRedis(publisher);
  await server.stop();
});

test('every event is handled once, in order, also what was published before the group existed', async () => {
  const keys = freshKeys();
  await publish(keys, 1);
  const { revisions } = await consume(keys);
  for (const revision of [2, 3]) await publish(keys, revision);
  await expect.poll(revisions).toEqual([1, 2, 3]);
  await expect.poll(() => pending(keys)).toBe(0);
});

test('a consumer killed between handle and ack handles the event again after its restart', async () => {
  const keys = freshKeys();
  await publish(keys, 1);
  await killConsumer(keys, 'one');
  expect(await pending(keys)).toBe(1);
  const { revisions } = await consume(keys, { consumer: 'one', claimIdleMs: 600_000 });
  await expect.poll(revisions).toEqual([1]);
  await expect.poll(() => pending(keys)).toBe(0);
});

test('another member takes over the event of one that was killed', async () => {
  const keys = freshKeys();
  await publish(keys, 1);
  await killConsumer(keys, 'one');
  const { revisions } = await consume(keys, { consumer: 'two', claimIdleMs: 50 });
  await expect.poll(revisions, { timeout: 10_000 }).toEqual([1]);
});

test('an event that kills its consumer again and again ends in the dead letters', async () => {
  const keys = freshKeys();
  await publish(keys, 1);
  await killConsumer(keys, 'one');
  // As if it had happened nine more times.
  const stream = keys.logStream(CoursePublished.name);
  const [[id]] = (await publisher.xpending(stream, 'progress', '-', '+', 1)) as [[string]];
  await publisher.xclaim(stream, 'progress', 'one', 0, id, 'RETRYCOUNT', 10, 'JUSTID');
  const { revisions } = await consume(keys, { consumer: 'one' });
  await expect.poll(() => deadLetters(keys)).toBe(1);
  expect(revisions()).toEqual([]);
});

test('a later event never overtakes one that is tried again', async () => {
  const keys = freshKeys();
  const { revisions, tries } = await consume(keys, { failing: (revision, attempt) => revision === 1 && attempt < 4 });
  for (const revision of [1, 2]) await publish(keys, revision);
  await expect.poll(revisions, { timeout: 10_000 }).toEqual([1, 2]);
  expect(tries(1)).toBe(4);
});

test('an event that fails ten times moves to the dead letters, and the next one is handled', async () => {
  const keys = freshKeys();
  const { revisions, tries } = await consume(keys, { failing: (revision) => revision === 1 });
  for (const revision of [1, 2]) await publish(keys, revision);
  await expect.poll(revisions, { timeout: 10_000 }).toEqual([2]);
  expect(tries(1)).toBe(10);
  expect(await deadLetters(keys)).toBe(1);
  await expect.poll(() => pending(keys)).toBe(0);
});

test('an entry that is no event of its stream moves to the dead letters', async () => {
  const keys = freshKeys();
  await publisher.xadd(keys.logStream(CoursePublished.name), '*', 'e', '{"not":"an envelope"}');
  await publish(keys, 1);
  const { revisions } = await consume(keys);
  await expect.poll(revisions).toEqual([1]);
  expect(await deadLetters(keys)).toBe(1);
});

test('a consumer goes on after Redis restarted', async () => {
  const keys = freshKeys();
  const { revisions } = await consume(keys);
  await publish(keys, 1);
  await expect.poll(revisions).toEqual([1]);
  await server.restart();
  await publishWhenBack(keys, 2);
  await expect.poll(revisions, { timeout: 10_000 }).toEqual([1, 2]);
});

test('a consumer goes on after Redis lost its data, and its group with it', async () => {
  const keys = freshKeys();
  const { revisions } = await consume(keys);
  await publish(keys, 1);
  await expect.poll(revisions).toEqual([1]);
  await server.restart({ keepData: false });
  await publishWhenBack(keys, 2);
  await expect.poll(revisions, { timeout: 10_000 }).toEqual([1, 2]);
});

test('stopping waits for the event at hand, and leaves none half handled', async () => {
  const keys = freshKeys();
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const redis = await worker();
  let finished = false;
  const consumer = consumeLog({
    ...{ redis, keys, event: CoursePublished, group: 'progress', consumer: 'one', log },
    async handle() {
      begun.resolve();
      await gate.promise;
      finished = true;
    },
  });
  await publish(keys, 1);
  await begun.promise;
  const stopped = consumer.stop();
  gate.resolve();
  await stopped;
  expect(finished).toBe(true);
  expect(await pending(keys)).toBe(0);
});

interface Behaviour {
  consumer?: string;
  claimIdleMs?: number;
  failing?: (revision: number, attempt: number) => boolean;
}

async function consume(keys: RedisKeys, { consumer = 'one', claimIdleMs, failing }: Behaviour = {}) {
  const handled: number[] = [];
  const attempts = new Map<number, number>();
  const running = consumeLog({
    ...{ redis: await worker(), keys, event: CoursePublished, group: 'progress', consumer, log, claimIdleMs },
    maxBackOffMs: 5,
    async handle({ payload: { revision } }) {
      const attempt = (attempts.get(revision) ?? 0) + 1;
      attempts.set(revision, attempt);
      if (failing?.(revision, attempt)) throw new Error('not now');
      handled.push(revision);
    },
  });
  onTestFinished(() => running.stop());
  return { revisions: () => handled, tries: (revision: number) => attempts.get(revision) };
}

async function worker(): Promise<Redis> {
  const redis = await connectRedis(server.url, 'worker', { log });
  onTestFinished(() => closeRedis(redis));
  return redis;
}

async function killConsumer(keys: RedisKeys, consumer: string): Promise<void> {
  const script = fileURLToPath(new URL('./consumer.fixture.ts', import.meta.url));
  const child = fork(script, [server.url, keys.prefix, consumer], { execArgv: [] });
  onTestFinished(() => void child.kill('SIGKILL'));
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
}

function publish(keys: RedisKeys, revision: number): Promise<string> {
  const payload = { courseId: randomUUID(), revision, available: true, title: 'Logic', lessons: [] };
  const envelope: EventEnvelope = {
    id: randomUUID(),
    name: CoursePublished.name,
    version: CoursePublished.version,
    key: payload.courseId,
    occurredAt: new Date().toISOString(),
    positions: {},
    payload,
  };
  return publishEnvelope(publisher, keys, envelope, CoursePublished.delivery);
}

async function publishWhenBack(keys: RedisKeys, revision: number): Promise<void> {
  await expect.poll(() => publisher.status, { timeout: 10_000 }).toBe('ready');
  await publish(keys, revision);
}

async function pending(keys: RedisKeys): Promise<number> {
  return ((await publisher.xpending(keys.logStream(CoursePublished.name), 'progress')) as [number])[0];
}

function deadLetters(keys: RedisKeys): Promise<number> {
  return publisher.xlen(keys.deadLetters(CoursePublished.name, 'progress'));
}
