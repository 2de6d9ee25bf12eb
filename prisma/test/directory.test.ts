/**
 * Values that are unique across shards.
 */
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Directory, newId } from '../src/index.ts';
import { openTestDatabase } from './support.ts';

let tenant: Tenant;
let opened: Awaited<ReturnType<typeof openTestDatabase<'users'>>>;
let directory: Directory;

beforeAll(async () => {
  tenant = await openTenant(['users']);
  opened = await openTestDatabase('users', tenant.env);
  directory = opened.database.directory;
});

afterAll(async () => {
  await opened?.close();
  await tenant?.close();
});

const everywhere = (statement: string, values: unknown[]) =>
  Promise.all(['s1', 's2'].map((shard) => sql(tenant.databaseUrl('users', shard), statement, values)));

/** As if the process that claimed it had died two minutes ago. */
const age = (value: string) =>
  everywhere("UPDATE directory_entry SET claimed_at = now() - interval '2 minutes' WHERE value = $1", [value]);

test('of many concurrent claims of a value exactly one wins, and the others learn who', async () => {
  for (let round = 0; round < 10; round += 1) {
    const claims = Array.from({ length: 20 }, (_, n) => newId(n * 200));
    const results = await Promise.all(claims.map((owner) => directory.claim('email', `race${round}@x`, owner)));
    const winners = claims.filter((_, n) => results[n]!.won);
    expect(winners).toHaveLength(1);
    for (const result of results) if (!result.won) expect(result.ownerId).toBe(winners[0]);
    expect(await directory.lookup('email', `race${round}@x`)).toBe(winners[0]);
  }
});

test('entries spread over the shards', async () => {
  await Promise.all(Array.from({ length: 40 }, (_, n) => directory.claim('email', `spread${n}@x`, newId(1))));
  const rows = await everywhere("SELECT 1 FROM directory_entry WHERE value LIKE 'spread%'", []);
  expect(rows[0]!.length + rows[1]!.length).toBe(40);
  for (const found of rows) expect(found.length).toBeGreaterThan(5);
});

test('an owner who claims again wins again, and values of two kinds do not meet', async () => {
  const [one, two] = [newId(1), newId(2)];
  expect(await directory.claim('slug', 'again', one)).toEqual({ won: true });
  expect(await directory.claim('slug', 'again', one)).toEqual({ won: true });
  expect(await directory.claim('external_key', 'again', two)).toEqual({ won: true });
  expect(await directory.claim('slug', 'again', two)).toEqual({ won: false, ownerId: one });
});

test('a released value can be claimed; another cannot release it', async () => {
  const [one, two] = [newId(1), newId(2)];
  await directory.claim('slug', 'given-up', one);
  await directory.release('slug', 'given-up', two);
  expect(await directory.lookup('slug', 'given-up')).toBe(one);
  await directory.release('slug', 'given-up', one);
  expect(await directory.lookup('slug', 'given-up')).toBeNull();
  expect(await directory.claim('slug', 'given-up', two)).toEqual({ won: true });
});

test('only the holder of a claim can confirm it', async () => {
  const [one, two] = [newId(1), newId(2)];
  await directory.claim('slug', 'mine', one);
  await expect(directory.confirm('slug', 'mine', two)).rejects.toThrow(/not claimed/);
  await directory.confirm('slug', 'mine', one);
  await directory.confirm('slug', 'mine', one);
});

test('a claim whose process died is taken over, unless its owner was written', async () => {
  const [dead, heir] = [newId(1), newId(2)];
  const exists = async (id: string) => id === dead;
  const never = async () => false;

  await directory.claim('email', 'abandoned@x', dead);
  expect(await directory.claim('email', 'abandoned@x', heir, never)).toEqual({ won: false, ownerId: dead });
  await age('abandoned@x');
  expect(await directory.claim('email', 'abandoned@x', heir)).toEqual({ won: false, ownerId: dead });
  expect(await directory.claim('email', 'abandoned@x', heir, never)).toEqual({ won: true });

  await directory.claim('email', 'written@x', dead);
  await age('written@x');
  expect(await directory.claim('email', 'written@x', heir, exists)).toEqual({ won: false, ownerId: dead });
  await age('written@x');
  expect(await directory.claim('email', 'written@x', heir, never)).toEqual({ won: false, ownerId: dead });
});
