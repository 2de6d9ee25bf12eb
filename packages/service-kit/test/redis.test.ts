import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { checkRedis, closeRedis, connectRedis, createLogger, type RedisRole } from '../src/index.ts';
import { openRedisServer, type RedisServer } from './redis-server.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await openRedisServer();
});
afterAll(() => server.stop());

test('a cache fails fast while Redis is away, and works again when it is back', async () => {
  const { redis } = await open('cache');
  await redis.set('greeting', 'hello');
  await server.restart({
    async whileDown() {
      const began = performance.now();
      await expect(redis.get('greeting')).rejects.toThrow();
      await expect(checkRedis(redis)).rejects.toThrow();
      expect(performance.now() - began).toBeLessThan(1_000);
    },
  });
  await expect.poll(() => redis.get('greeting').catch(() => null), { timeout: 10_000 }).toBe('hello');
});

test('a subscriber hears again after Redis restarted, without being told', async () => {
  const { redis: subscriber } = await open('subscriber');
  const { redis: publisher } = await open('publisher');
  const heard: string[] = [];
  subscriber.on('message', (_, message) => heard.push(message));
  await subscriber.subscribe('news');
  await server.restart();
  const sent = () => publisher.publish('news', 'again').catch(() => 0);
  await expect.poll(sent, { timeout: 10_000 }).toBe(1);
  await expect.poll(() => heard).toContain('again');
});

test('an outage is logged once when it begins and once when it ends', async () => {
  const { lines, redis } = await open('publisher');
  await server.restart({ whileDown: () => expect.poll(() => redis.status).toBe('reconnecting') });
  await expect.poll(() => redis.status, { timeout: 10_000 }).toBe('ready');
  expect(lines().map(({ msg }) => msg)).toEqual(['redis connection lost', 'redis connection restored']);
});

test('a service starts when Redis is away', async () => {
  const { redis } = await open('cache', { url: 'redis://127.0.0.1:1', waitMs: 100 });
  await expect(redis.get('greeting')).rejects.toThrow();
});

test('closing a connection twice, or one without a server, is fine', async () => {
  const { redis } = await open('queue');
  await closeRedis(redis);
  await closeRedis(redis);
  const { redis: lost } = await open('worker', { url: 'redis://127.0.0.1:1', waitMs: 100 });
  await closeRedis(lost);
  await expect(redis.ping()).rejects.toThrow();
});

async function open(role: RedisRole, { url = server.url, waitMs }: { url?: string; waitMs?: number } = {}) {
  const written: string[] = [];
  const log = createLogger('test', { destination: { write: (line) => void written.push(line) } });
  const redis = await connectRedis(url, role, { log, waitMs });
  onTestFinished(() => closeRedis(redis));
  const lines = () => written.map((line) => JSON.parse(line) as { msg: string });
  return { redis, lines };
}
