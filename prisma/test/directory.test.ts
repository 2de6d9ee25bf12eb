/**
 * Values that are unique across shards.
 */
import { eventually, openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Claim, type Directory, newId } from '../src/index.ts';
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

const nobody = async () => false;
const claim = (kind: string, value: string, ownerId: string, exists: Claim['exists'] = nobody) => ({
  ...{ kind, value, ownerId, exists },
});
/** Takes the value for the owner, as if the owner's row had been written. */
const take = (kind: string, value: string, ownerId: string, exists?: Claim['exists']) =>
  directory.withClaim(claim(kind, value, ownerId, exists), async () => ownerId);
/** A process that claims and dies while it writes. */
const claimAndDie = (kind: string, value: string, ownerId: string) =>
  void directory.withClaim(claim(kind, value, ownerId), () => new Promise(() => {}));
const untilHeldBy = (kind: string, value: string, ownerId: string) =>
  eventually(async () => (await directory.lookup(kind, value)) === ownerId);

test('of many concurrent claims of a value exactly one wins, and only the winner writes', async () => {
  for (let round = 0; round < 10; round += 1) {
    const owners = Array.from({ length: 20 }, (_, n) => newId(n * 200));
    const results = await Promise.all(owners.map((owner) => take('email', `race${round}@x`, owner)));
    const winners = results.filter((owner) => owner !== null);
    expect(winners).toHaveLength(1);
    expect(await directory.lookup('email', `race${round}@x`)).toBe(winners[0]);
  }
});

test('entries spread over the shards', async () => {
  await Promise.all(Array.from({ length: 40 }, (_, n) => take('email', `spread${n}@x`, newId(1))));
  const rows = await everywhere("SELECT 1 FROM directory_entry WHERE value LIKE 'spread%'", []);
  expect(rows[0]!.length + rows[1]!.length).toBe(40);
  for (const found of rows) expect(found.length).toBeGreaterThan(5);
});

test('an owner who claims again wins again, and values of two kinds do not meet', async () => {
  const [one, two] = [newId(1), newId(2)];
  expect(await take('slug', 'again', one)).toBe(one);
  expect(await take('slug', 'again', one)).toBe(one);
  expect(await take('external_key', 'again', two)).toBe(two);
  expect(await take('slug', 'again', two)).toBeNull();
});

test('a value is given up if its owner could not be written', async () => {
  const [one, two] = [newId(1), newId(2)];
  const failing = () => Promise.reject(new Error('no'));
  await expect(directory.withClaim(claim('slug', 'given-up', one), failing)).rejects.toThrow('no');
  expect(await directory.lookup('slug', 'given-up')).toBeNull();
  expect(await take('slug', 'given-up', two)).toBe(two);
});

test('a value stays with an owner whose commit went through although its answer was lost', async () => {
  const [one, two] = [newId(1), newId(2)];
  const lost = () => Promise.reject(new Error('connection lost'));
  const exists = async (id: string) => id === one;
  await expect(directory.withClaim(claim('slug', 'kept', one, exists), lost)).rejects.toThrow('connection lost');
  expect(await directory.lookup('slug', 'kept')).toBe(one);
  expect(await take('slug', 'kept', two, exists)).toBeNull();
});

test('a claim whose process died is taken over, unless its owner was written', async () => {
  const [dead, heir] = [newId(1), newId(2)];
  const exists = async (id: string) => id === dead;

  claimAndDie('email', 'abandoned@x', dead);
  await untilHeldBy('email', 'abandoned@x', dead);
  expect(await take('email', 'abandoned@x', heir)).toBeNull();
  await age('abandoned@x');
  expect(await take('email', 'abandoned@x', heir)).toBe(heir);

  claimAndDie('email', 'written@x', dead);
  await untilHeldBy('email', 'written@x', dead);
  await age('written@x');
  expect(await take('email', 'written@x', heir, exists)).toBeNull();
  await age('written@x');
  expect(await take('email', 'written@x', heir)).toBeNull();
});
