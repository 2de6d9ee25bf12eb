/**
 * Whom a database lets write a bucket: by its own map, whichever map the writer goes by.
 */
import { openTenant, type Tenant } from '@lyceum/testing';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPool } from '../src/connections/pools.ts';
import { bringUpTo, EVERYWHERE } from '../src/map/shard-map-store.ts';
import { urlsOf } from './support.ts';

const OURS = 7;
const HANDED_OVER = 3_000;
const VERSION = 5;

let tenant: Tenant;
let s1: pg.Pool;

beforeAll(async () => {
  tenant = await openTenant(['progress']);
  const { primary } = urlsOf(tenant.env, 'progress').s1!;
  s1 = openPool(primary, { max: 1, timeoutMs: 10_000, applicationName: 'lyceum-test' });
  const ranges = [
    { from: 0, to: 2_999, shard: 's1' },
    { from: 3_000, to: 4_095, shard: 's2' },
  ];
  await bringUpTo(s1, { version: VERSION, ranges, members: { s1: null, s2: null }, residue: [] });
});

afterAll(async () => {
  await s1?.end();
  await tenant?.close();
});

const enter = (bucket: number, version: number) => s1.query('SELECT enter_bucket($1, $2, $3)', [bucket, version, 's1']);
const REFUSED = { code: 'LY001' };

test('a writer with an older map goes on where its bucket stayed, so that a hand over is felt by those it concerns alone', async () => {
  await enter(OURS, VERSION - 1);
  await enter(OURS, VERSION);
});

test('a writer with an older map is refused where its bucket is served no longer', async () => {
  await expect(enter(HANDED_OVER, VERSION - 1)).rejects.toMatchObject(REFUSED);
});

test('a writer with a newer map is refused until the database knows it, too', async () => {
  await expect(enter(OURS, VERSION + 1)).rejects.toMatchObject(REFUSED);
});

test('what lies on every shard is written by the very map of the database', async () => {
  await enter(EVERYWHERE, VERSION);
  await expect(enter(EVERYWHERE, VERSION - 1)).rejects.toMatchObject(REFUSED);
  await expect(enter(EVERYWHERE, VERSION + 1)).rejects.toMatchObject(REFUSED);
});
