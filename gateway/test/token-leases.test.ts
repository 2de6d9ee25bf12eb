/**
 * Tokens of callers over several gateways, with a real Redis, over a line that can be cut.
 */
import { randomUUID } from 'node:crypto';
import { closeRedis, connectRedis, createLogger, createRedisKeys, type Redis } from '@lyceum/service-kit';
import { type CuttableLine, cuttable, openTenant, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createTokenLeases, type OperationRate } from '../src/limits/token-leases.ts';

const log = createLogger('test', { level: 'silent' });
/** Nothing comes in while a test runs; a lease is four tokens. */
const RATE = { perMinute: 1, burst: 40 };

let tenant: Tenant;
let line: CuttableLine;
let limiter: Redis;
beforeAll(async () => {
  tenant = await openTenant([]);
  line = await cuttable(tenant.env.REDIS_URL!);
  limiter = await connectRedis(line.url, 'limiter', { log });
});
afterAll(async () => {
  await closeRedis(limiter);
  await line[Symbol.asyncDispose]();
  await tenant.close();
});

const gateway = (nowMs?: () => number) =>
  createTokenLeases({ redis: { limiter, keys: createRedisKeys(tenant.id) }, log, ...(nowMs && { nowMs }) });

async function admitted(count: number, caller: string, ...gateways: OperationRate[]): Promise<number> {
  const asked = Array.from({ length: count }, (_, at) => gateways[at % gateways.length]?.take(caller, RATE));
  return (await Promise.all(asked)).filter((waitMs) => waitMs === 0).length;
}

test('over all gateways together a caller gets what the bucket holds, and no more', async () => {
  const caller = randomUUID();
  const gateways = [gateway(), gateway(), gateway()];
  expect(await admitted(200, caller, ...gateways)).toBe(40);
  expect(await admitted(10, caller, gateway())).toBe(0);
  expect(await admitted(10, randomUUID(), ...gateways)).toBe(10);
});

test('a caller who moves on leaves less than two leases behind at a gateway', async () => {
  const caller = randomUUID();
  const [first, second] = [gateway(), gateway()];
  for (let count = 0; count < 10; count += 1) expect(await first.take(caller, RATE)).toBe(0);
  const rest = await admitted(40, caller, second);
  expect(rest).toBeGreaterThan(40 - 10 - 8);
  expect(rest + (await admitted(40, caller, first))).toBe(30);
});

test('few operations wait for Redis', async () => {
  const rate = { perMinute: 600, burst: 200 };
  const [caller, one] = [randomUUID(), gateway()];
  let waited = 0;
  for (let count = 0; count < 100; count += 1) {
    const waitMs = one.take(caller, rate);
    if (waitMs instanceof Promise) waited += 1;
    expect(await waitMs).toBe(0);
  }
  expect(waited).toBeLessThanOrEqual(10);
});

test('who has none left is told when the next one comes, and gets it then', async () => {
  const rate = { perMinute: 600, burst: 1 };
  const [caller, one] = [randomUUID(), gateway()];
  expect(await one.take(caller, rate)).toBe(0);
  const waitMs = await one.take(caller, rate);
  expect(waitMs).toBeGreaterThan(0);
  expect(waitMs).toBeLessThanOrEqual(100);
  await expect.poll(() => one.take(caller, rate)).toBe(0);
});

test('while Redis is away each gateway counts for itself, and refuses nobody for that; then they count together again', async () => {
  const caller = randomUUID();
  let now = 0;
  const [one, other] = [gateway(() => now), gateway(() => now)];
  expect(await admitted(20, caller, one, other)).toBe(20);
  await line.cut();
  onTestFinished(() => line.mend().catch(() => {}));
  await expect.poll(() => limiter.status).not.toBe('ready');
  const before = await admitted(100, caller, one);
  expect(before).toBeGreaterThanOrEqual(40);
  expect(before).toBeLessThan(40 + 8);
  expect(await admitted(5, caller, other)).toBe(5);
  await line.mend();
  await expect.poll(() => limiter.status).toBe('ready');
  now += 1_000;
  expect(await admitted(100, caller, one, other)).toBeLessThanOrEqual(20);
});
