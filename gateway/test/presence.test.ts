/**
 * Who is online, as gateways tell it to a real Redis: while one socket is open anywhere, and not much longer.
 */
import { randomUUID } from 'node:crypto';
import {
  closeRedis,
  connectRedis,
  createLogger,
  createRedisKeys,
  PRESENCE_GRACE_MS,
  PRESENCE_LIFE_MS,
  parsePresence,
  type Redis,
  readPresence,
} from '@lyceum/service-kit';
import { type CuttableLine, cuttable, type FixedClock, fixedClock, openTenant, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { createPresence } from '../src/subscriptions/presence.ts';

const log = createLogger('test', { level: 'silent' });

let tenant: Tenant;
let line: CuttableLine;
let redis: Redis;
let overLine: Redis;
let subscriber: Redis;
beforeAll(async () => {
  tenant = await openTenant([]);
  const url = tenant.env.REDIS_URL!;
  line = await cuttable(url);
  redis = await connectRedis(url, 'cache', { log });
  overLine = await connectRedis(line.url, 'cache', { log });
  subscriber = await connectRedis(url, 'subscriber', { log });
});
afterAll(async () => {
  await Promise.all([redis, overLine, subscriber].map(closeRedis));
  await line[Symbol.asyncDispose]();
  await tenant.close();
});

function setting() {
  const keys = createRedisKeys(tenant.id);
  const clock = fixedClock('2026-11-21T07:30:00Z');
  const viewerId = randomUUID();
  const gateway = (connection = redis) => {
    const presence = createPresence({ redis: connection, keys, log, clock });
    onTestFinished(() => presence.close());
    return presence;
  };
  const read = async () => (await readPresence(redis, keys, [viewerId], clock.now()))[0]!;
  const isOnline = async () => (await read()).isOnline;
  return { keys, clock, viewerId, gateway, read, isOnline };
}

/** What is told about a person from now on: until when the person is online. */
async function hear(channel: string, clock: FixedClock) {
  const told: (string | null)[] = [];
  const onMessage = (from: string, message: string) => {
    if (from === channel) told.push(parsePresence(message, clock.now()).until?.toISOString() ?? null);
  };
  await subscriber.subscribe(channel);
  subscriber.on('message', onMessage);
  onTestFinished(async () => {
    subscriber.off('message', onMessage);
    await subscriber.unsubscribe(channel);
  });
  return told;
}

test('a person is online while one socket is open at any gateway, and for five seconds after', async () => {
  const { clock, viewerId, gateway, read, isOnline } = setting();
  expect(await read()).toEqual({ isOnline: false, lastSeenAt: null, until: null });
  const [one, two] = [gateway(), gateway()];
  const [left, leftToo, leftElsewhere] = [one.arrived(viewerId), one.arrived(viewerId), two.arrived(viewerId)];
  await expect.poll(isOnline).toBe(true);

  left();
  left();
  leftElsewhere();
  clock.advance(PRESENCE_LIFE_MS / 2);
  await expect.poll(async () => (await read()).lastSeenAt).toEqual(clock.now());
  clock.advance(PRESENCE_LIFE_MS - 1);
  expect(await isOnline()).toBe(true);

  leftToo();
  const leftAt = clock.now();
  const until = new Date(leftAt.getTime() + PRESENCE_GRACE_MS);
  await expect.poll(read).toEqual({ isOnline: true, lastSeenAt: leftAt, until });
  clock.advance(PRESENCE_GRACE_MS);
  expect(await read()).toEqual({ isOnline: false, lastSeenAt: leftAt, until: null });
});

test('coming back within the grace tells nothing but that it has begun', async () => {
  const { clock, keys, viewerId, gateway, read } = setting();
  const told = await hear(keys.presence(viewerId), clock);
  const [one, two] = [gateway(), gateway()];
  const at = (ms: number) => new Date(clock.now().getTime() + ms).toISOString();
  const leave = one.arrived(viewerId);
  await expect.poll(() => told).toEqual([at(PRESENCE_LIFE_MS)]);
  leave();
  await expect.poll(() => told).toEqual([at(PRESENCE_LIFE_MS), at(PRESENCE_GRACE_MS)]);
  clock.advance(PRESENCE_GRACE_MS - 1);
  two.arrived(viewerId);
  await expect.poll(async () => (await read()).until?.toISOString()).toBe(at(PRESENCE_LIFE_MS));
  clock.advance(PRESENCE_GRACE_MS);
  expect(await read()).toMatchObject({ isOnline: true });
  expect(told).toHaveLength(2);
});

test('a gateway that dies without a word is forgotten within 45 seconds, one that lives never', async () => {
  const { clock, viewerId, gateway, isOnline, read } = setting();
  const living = gateway();
  const connection = await connectRedis(tenant.env.REDIS_URL!, 'cache', { log });
  const other = { ...setting(), clock };
  const dying = createPresence({ redis: connection, keys: other.keys, log, clock });
  living.arrived(viewerId);
  dying.arrived(other.viewerId);
  const isOtherOnline = async () => (await readPresence(redis, other.keys, [other.viewerId], clock.now()))[0]!.isOnline;
  await expect.poll(isOnline).toBe(true);
  await expect.poll(isOtherOnline).toBe(true);

  await closeRedis(connection);
  for (let seconds = 0; seconds < 45; seconds += 15) {
    expect(await isOtherOnline()).toBe(true);
    clock.advance(15_000);
    await expect.poll(async () => (await read()).lastSeenAt).toEqual(clock.now());
  }
  expect([await isOnline(), await isOtherOnline()]).toEqual([true, false]);
  await dying.close();
});

test('a gateway that stops lets its people go with five seconds to be elsewhere', async () => {
  const { clock, viewerId, gateway, isOnline } = setting();
  const stopping = gateway();
  stopping.arrived(viewerId);
  await expect.poll(isOnline).toBe(true);
  await stopping.close();
  expect(await isOnline()).toBe(true);
  clock.advance(PRESENCE_GRACE_MS);
  expect(await isOnline()).toBe(false);
});

test('who comes and goes while Redis is away is known once it is back', async () => {
  const { keys, clock, viewerId, gateway, isOnline } = setting();
  const presence = gateway(overLine);
  const leaving = randomUUID();
  const leave = presence.arrived(leaving);
  const isLeavingOnline = async () => (await readPresence(redis, keys, [leaving], clock.now()))[0]!.isOnline;
  await expect.poll(isLeavingOnline).toBe(true);
  await line.cut();
  onTestFinished(() => line.mend().catch(() => {}));
  presence.arrived(viewerId);
  leave();
  await expect.poll(() => overLine.status).not.toBe('ready');
  await line.mend();
  await expect.poll(isOnline, { timeout: 10_000 }).toBe(true);
  clock.advance(PRESENCE_GRACE_MS);
  await expect.poll(isLeavingOnline).toBe(false);
});

test('a thousand people who come at once are told in one round trip', async () => {
  const { keys, clock, gateway } = setting();
  const presence = gateway();
  const people = Array.from({ length: 1_000 }, () => randomUUID());
  const roundTrips = vi.spyOn(redis, 'pipeline');
  onTestFinished(() => roundTrips.mockRestore());
  for (const id of people) presence.arrived(id);
  await expect.poll(() => roundTrips.mock.calls.length).toBe(1);
  const online = async () => {
    const seen = await readPresence(redis, keys, people, clock.now());
    return seen.filter(({ isOnline }) => isOnline).length;
  };
  await expect.poll(online).toBe(1_000);
});
