/**
 * Values that are unique across shards, against claimants that fail, stall, and meet sweepers at the worst moment.
 */
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { bucketOfValue, type Database, type DatabaseSession, newId, type Tx } from '../src/index.ts';
import { openTestDatabase } from './support.ts';

type Opened = Awaited<ReturnType<typeof openTestDatabase<'users'>>>;

let tenant: Tenant;
let processes: Opened[];
let users: Database<'users'>;

beforeAll(async () => {
  tenant = await openTenant(['users', 'courses']);
  processes = await Promise.all([1, 2, 3].map(() => openTestDatabase('users', tenant.env)));
  users = processes[0]!.database;
});

afterAll(async () => {
  await Promise.all((processes ?? []).map((opened) => opened.close()));
  await tenant?.close();
});

interface Row {
  readonly owner: string;
  readonly confirmed: boolean;
}
const everywhere = async <R extends object>(statement: string, ...values: unknown[]): Promise<R[]> =>
  (
    await Promise.all(['s1', 's2'].map((shard) => sql<R>(tenant.databaseUrl('users', shard), statement, values)))
  ).flat();
const entriesOf = (email: string) =>
  everywhere<Row>(
    'SELECT owner_id AS owner, confirmed_at IS NOT NULL AS confirmed FROM directory_entry WHERE value = $1',
    email,
  );
const accountsOf = async (email: string) =>
  (await everywhere<{ id: string }>('SELECT id FROM user_account WHERE email = $1', email)).map(({ id }) => id);

/** As if it had been claimed two minutes ago. */
const age = (value: string) =>
  everywhere("UPDATE directory_entry SET claimed_at = now() - interval '2 minutes' WHERE value = $1", value);
/** The claim of a process that died two minutes ago, before it wrote. */
const leaveClaim = (email: string, ownerId: string) =>
  sql(
    tenant.databaseUrl('users', users.shardOf(newId(bucketOfValue(`email:${email}`)))),
    `INSERT INTO directory_entry (kind, value, owner_id, claimed_at)
     VALUES ('email', $1, $2, now() - interval '2 minutes')`,
    [email, ownerId],
  );
const claimOf = (email: string, ownerId: string) => ({ ownerId, values: { email } });
const never = () => Promise.reject(new Error('nothing may be written'));

const insert = (tx: Tx<'users'>, id: string, email: string) =>
  tx.user.create({ data: { id, email, displayName: 'x' } });
const account = (id: string, email: string) => (tx: Tx<'users'>) => insert(tx, id, email);
/** True if the account was made. */
async function signUp(
  email: string,
  id = newId(Math.floor(Math.random() * 4_096)),
  database = users,
): Promise<boolean> {
  return (
    'written' in (await database.directory.withClaims(database.session(id), claimOf(email, id), account(id, email)))
  );
}
const sweepAll = async (graceMs?: number) => {
  const total = { confirmed: 0, released: 0, left: 0 };
  for (const shard of users.shards) {
    const counts = await users.directory.sweep(shard, { graceMs });
    for (const outcome of ['confirmed', 'released', 'left'] as const) total[outcome] += counts[outcome];
  }
  return total;
};

/** A session of a process that stops between claim and write until `wait` resolves. */
function stalling(ownerId: string, wait: Promise<unknown>, database = users): DatabaseSession<'users'> {
  const session = database.session(ownerId);
  const stalled: Pick<DatabaseSession<'users'>, 'transaction'> = {
    transaction: async (key, work) => {
      await wait;
      return session.transaction(key, work);
    },
  };
  return Object.assign(Object.create(session), stalled);
}

test('of many concurrent claims of a value exactly one wins, and only the winner writes', async () => {
  for (let round = 0; round < 5; round += 1) {
    const email = `race${round}@x`;
    const ids = Array.from({ length: 30 }, (_, n) => newId(n * 130));
    const won = await Promise.all(ids.map((id, n) => signUp(email, id, processes[n % 3]!.database)));
    const winner = ids[won.indexOf(true)]!;
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await accountsOf(email)).toEqual([winner]);
    expect(await entriesOf(email)).toEqual([{ owner: winner, confirmed: true }]);
  }
});

test('hundreds of claims of different values at once in one process all succeed, and spread over the shards', async () => {
  const results = await Promise.all(Array.from({ length: 300 }, (_, n) => signUp(`spread${n}@x`)));
  expect(results.every(Boolean)).toBe(true);
  for (const shard of ['s1', 's2']) {
    const [row] = await sql<{ n: number }>(
      tenant.databaseUrl('users', shard),
      "SELECT count(*)::int AS n FROM directory_entry WHERE value LIKE 'spread%'",
    );
    expect(row!.n).toBeGreaterThan(100);
  }
});

test('an owner who claims again wins again', async () => {
  const id = newId(1);
  expect(await signUp('again@x', id)).toBe(true);
  const again = await users.directory.withClaims(users.session(id), claimOf('again@x', id), async () => 'written');
  expect(again).toEqual({ written: 'written' });
  expect(await signUp('again@x')).toBe(false);
});

test('a value is given up if its owner could not be written', async () => {
  const id = newId(1);
  const failing = async (tx: Tx<'users'>) => {
    await insert(tx, id, 'given-up@x');
    throw new Error('no');
  };
  const claiming = users.directory.withClaims(users.session(id), claimOf('given-up@x', id), failing);
  await expect(claiming).rejects.toThrow('no');
  expect(await entriesOf('given-up@x')).toEqual([]);
  expect(await signUp('given-up@x')).toBe(true);
});

test('a value stays with an owner whose commit went through although its answer was lost', async () => {
  const id = newId(1);
  const session = users.session(id);
  const losing: Pick<DatabaseSession<'users'>, 'transaction'> = {
    transaction: async (key, work) => {
      await session.transaction(key, work);
      throw new Error('connection lost');
    },
  };
  const lossy: DatabaseSession<'users'> = Object.assign(Object.create(session), losing);
  const claiming = users.directory.withClaims(lossy, claimOf('kept@x', id), account(id, 'kept@x'));
  await expect(claiming).rejects.toThrow('connection lost');
  expect(await entriesOf('kept@x')).toEqual([{ owner: id, confirmed: true }]);
  expect(await signUp('kept@x')).toBe(false);
});

test('several values are claimed together or not at all', async () => {
  await using opened = Object.assign(await openTestDatabase('courses', tenant.env), {
    [Symbol.asyncDispose]: () => opened.close(),
  });
  const { directory, session } = opened.database;
  const create = (id: string, slug: string, external_key: string) =>
    directory.withClaims(session(null), { ownerId: id, values: { external_key, slug } }, async (tx) => {
      const texts = { title: 't', summary: '', description: '' };
      await tx.course.create({ data: { id, slug, externalKey: external_key, ...texts } });
      return id;
    });
  const [one, two] = [newId(1), newId(3_000)];
  expect(await create(one, 'bees', 'key-1')).toEqual({ written: one });
  expect(await create(two, 'bees', 'key-2')).toEqual({ taken: 'slug' });
  expect(await directory.lookup('external_key', 'key-2')).toBeNull();
  expect(await create(two, 'wasps', 'key-1')).toEqual({ taken: 'external_key' });
  expect(await create(two, 'key-1', 'bees')).toEqual({ written: two });
});

test('the values that were claimed already are given up if the claim of a further one fails', async () => {
  await using opened = Object.assign(await openTestDatabase('courses', tenant.env), {
    [Symbol.asyncDispose]: () => opened.close(),
  });
  const shards = ['s1', 's2'].map((shard) => tenant.databaseUrl('courses', shard));
  for (const url of shards)
    await sql(url, "ALTER TABLE directory_entry ADD CONSTRAINT no_slug CHECK (kind <> 'slug') NOT VALID");
  onTestFinished(async () => {
    for (const url of shards) await sql(url, 'ALTER TABLE directory_entry DROP CONSTRAINT no_slug');
  });
  const { directory, session } = opened.database;
  const values = { external_key: 'key-3', slug: 'hornets' };
  await expect(directory.withClaims(session(null), { ownerId: newId(1), values }, never)).rejects.toThrow('no_slug');
  expect(await directory.lookup('external_key', 'key-3')).toBeNull();
});

test('a claim whose process died is taken over by the next who wants it, unless its owner was written', async () => {
  const [dead, heir] = [newId(1), newId(3_000)];
  await leaveClaim('abandoned@x', dead);
  expect(await signUp('abandoned@x', heir)).toBe(true);
  expect(await accountsOf('abandoned@x')).toEqual([heir]);

  await leaveClaim('written@x', dead);
  await users.session(dead).transaction(dead, account(dead, 'written@x'));
  expect(await signUp('written@x', heir)).toBe(false);
  expect(await entriesOf('written@x')).toEqual([{ owner: dead, confirmed: true }]);
});

test('the sweeper releases claims whose owner never appeared and confirms those whose owner is there', async () => {
  const owners = Array.from({ length: 230 }, (_, n) => newId(n * 17));
  await Promise.all(owners.map((owner, n) => leaveClaim(`swept${n}@x`, owner)));
  for (const [n, id] of owners.entries()) {
    if (n % 10 === 0) await users.session(id).transaction(id, account(id, `swept${n}@x`));
  }
  await leaveClaim('fresh@x', newId(5));
  await everywhere("UPDATE directory_entry SET claimed_at = now() WHERE value = 'fresh@x'");

  expect(await sweepAll()).toEqual({ confirmed: 23, released: 207, left: 0 });
  const rest = await everywhere<Row>(
    "SELECT owner_id AS owner, confirmed_at IS NOT NULL AS confirmed FROM directory_entry WHERE value LIKE 'swept%'",
  );
  expect(rest.map(({ owner }) => owner).sort()).toEqual(owners.filter((_, n) => n % 10 === 0).sort());
  expect(rest.every(({ confirmed }) => confirmed)).toBe(true);
  expect(await entriesOf('fresh@x')).toHaveLength(1);
  expect(await sweepAll()).toEqual({ confirmed: 0, released: 0, left: 0 });
});

test('a claimant that stalls beyond the grace writes nothing once its value is another’s', async () => {
  const { promise: woken, resolve: wake } = Promise.withResolvers<void>();
  const [slow, quick] = [newId(1), newId(3_000)];
  const stalled = users.directory.withClaims(stalling(slow, woken), claimOf('stalled@x', slow), never);
  await expect.poll(() => users.directory.lookup('email', 'stalled@x')).toBe(slow);
  await age('stalled@x');
  expect(await sweepAll()).toMatchObject({ released: 1 });
  expect(await signUp('stalled@x', quick)).toBe(true);
  wake();
  expect(await stalled).toEqual({ taken: 'email' });
  expect(await accountsOf('stalled@x')).toEqual([quick]);
});

test('a claimant that stalls beyond the grace writes after all if nobody took its value meanwhile', async () => {
  const { promise: woken, resolve: wake } = Promise.withResolvers<void>();
  const slow = newId(1);
  const write = account(slow, 'patient@x');
  const stalled = users.directory.withClaims(stalling(slow, woken), claimOf('patient@x', slow), write);
  await expect.poll(() => users.directory.lookup('email', 'patient@x')).toBe(slow);
  await age('patient@x');
  expect(await sweepAll()).toMatchObject({ released: 1 });
  wake();
  expect(await stalled).toMatchObject({ written: { id: slow } });
  expect(await entriesOf('patient@x')).toEqual([{ owner: slow, confirmed: true }]);
});

test('the claim of an owner who is being written is left alone, however old it is', async () => {
  const { promise: woken, resolve: wake } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const id = newId(1);
  const writing = users.directory.withClaims(users.session(id), claimOf('busy@x', id), async (tx) => {
    begin();
    await woken;
    return insert(tx, id, 'busy@x');
  });
  await begun;
  await age('busy@x');
  expect(await sweepAll()).toEqual({ confirmed: 0, released: 0, left: 1 });
  expect(await signUp('busy@x')).toBe(false);
  wake();
  expect(await writing).toMatchObject({ written: { id } });
  expect(await accountsOf('busy@x')).toEqual([id]);
});

test('a random crowd of claimants that stall and fail, swept without any grace, never makes two owners of a value', async () => {
  const random = (max: number) => Math.floor(Math.random() * max);
  const soon = () => new Promise((resolve) => setTimeout(resolve, random(30)));
  const sweeping = new AbortController();
  const sweepers = processes.map(async ({ database }) => {
    while (!sweeping.signal.aborted)
      for (const shard of users.shards) await database.directory.sweep(shard, { graceMs: 0 });
  });
  const emails = Array.from({ length: 60 }, (_, n) => `crowd${n}@x`);
  const outcomes = await Promise.allSettled(
    emails.flatMap((email) =>
      processes.flatMap(({ database }) =>
        [1, 2].map(async () => {
          const id = newId(random(4_096));
          const result = await database.directory.withClaims(
            stalling(id, soon(), database),
            claimOf(email, id),
            async (tx) => {
              const [early, late, fails] = [random(3) === 0, random(3) === 0, random(4) === 0];
              if (early) await soon();
              await insert(tx, id, email);
              if (late) await soon();
              if (fails) throw new Error('made to fail');
              return id;
            },
          );
          return 'written' in result ? { email, id } : null;
        }),
      ),
    ),
  );
  sweeping.abort();
  await Promise.all(sweepers);
  await sweepAll(0);

  // A claimant may run out of time in the crowd; then it has written nothing.
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  expect(failures.filter(({ message, code }) => message !== 'made to fail' && code !== 'TIMED_OUT')).toEqual([]);
  const written = outcomes.flatMap((outcome) =>
    outcome.status === 'fulfilled' && outcome.value ? [outcome.value] : [],
  );
  expect(written.length).toBeGreaterThan(30);
  for (const email of emails) {
    const winners = written.filter((result) => result.email === email).map(({ id }) => id);
    expect(await accountsOf(email)).toEqual(winners);
    expect(await entriesOf(email)).toEqual(winners.map((owner) => ({ owner, confirmed: true })));
  }
});
