/**
 * Reading one's own writes, and what replicas are used for.
 */
import { cuttable, eventually, openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, DatabasePolicy, newId } from '../src/index.ts';
import { openTestDatabase, whileReplayIsPaused } from './support.ts';

let tenant: Tenant;
let opened: Awaited<ReturnType<typeof openTestDatabase<'users'>>>;
let users: Database<'users'>;

beforeAll(async () => {
  tenant = await openTenant(['users']);
  opened = await openTestDatabase('users', tenant.env);
  users = opened.database;
});

afterAll(async () => {
  await opened?.close();
  await tenant?.close();
});

const account = (id: string, displayName = 'before') => ({ id, email: `${id}@example.org`, displayName });

async function makeAccount(bucket: number) {
  const id = newId(bucket);
  await users.session(id).transaction(id, (tx) => tx.user.create({ data: account(id) }));
  await tenant.replicasCaughtUp();
  return id;
}

async function nameSeen(viewerId: string | null, id: string, database = users) {
  const client = await database.session(viewerId).read(id);
  return (await client.user.findUnique({ where: { id } }))?.displayName ?? null;
}

const rename = (viewerId: string | null, id: string, displayName: string) =>
  users.session(viewerId).transaction(id, (tx) => tx.user.update({ where: { id }, data: { displayName } }));

describe('while replay on the replicas stands still', () => {
  test.for([7, 4000])(
    'a viewer reads what it wrote, in the same request and in the next one (bucket %i)',
    async (bucket) => {
      const id = await makeAccount(bucket);
      await whileReplayIsPaused(async () => {
        const session = users.session(id);
        await session.transaction(id, (tx) => tx.user.update({ where: { id }, data: { displayName: 'after' } }));
        const client = await session.read(id);
        expect((await client.user.findUnique({ where: { id } }))?.displayName).toBe('after');
        expect(await nameSeen(id, id)).toBe('after');
      });
    },
  );

  test('a process that only shares Redis with the writer reads the write as well', async () => {
    const id = await makeAccount(11);
    const other = await openTestDatabase('users', tenant.env);
    try {
      await whileReplayIsPaused(async () => {
        await rename(id, id, 'after');
        expect(await nameSeen(id, id, other.database)).toBe('after');
        expect(await other.reads('primary', 'behind')).toBe(1);
      });
    } finally {
      await other.close();
    }
  });

  test('viewers who wrote nothing still read from replicas', async () => {
    const [writer, reader] = [await makeAccount(12), await makeAccount(13)];
    await whileReplayIsPaused(async () => {
      const before = await opened.reads('replica');
      await rename(writer, writer, 'after');
      expect(await nameSeen(reader, writer)).toBe('before');
      expect(await nameSeen(null, writer)).toBe('before');
      expect((await opened.reads('replica')) - before).toBe(2);
    });
  });

  test('a write keeps only its own shard from the replicas', async () => {
    const [low, high] = [await makeAccount(14), await makeAccount(4014)];
    await whileReplayIsPaused(async () => {
      await rename(low, low, 'after');
      const before = await opened.reads('replica');
      expect(await nameSeen(low, high)).toBe('before');
      expect((await opened.reads('replica')) - before).toBe(1);
    });
  });

  test('who signs up without being signed in reads the new account as its owner', async () => {
    const id = newId(15);
    await whileReplayIsPaused(async () => {
      await users.session(null).transaction(id, (tx) => tx.user.create({ data: account(id, 'new') }));
      expect(await nameSeen(id, id)).toBe('new');
    });
  });

  test('who was told by an event reads nothing older than the event', async () => {
    const [writer, reader] = [await makeAccount(16), await makeAccount(17)];
    await whileReplayIsPaused(async () => {
      await rename(writer, writer, 'after');
      const session = users.session(reader);
      session.observe({ 'users/s1': 'F0000000/0' });
      const client = await session.read(writer);
      expect((await client.user.findUnique({ where: { id: writer } }))?.displayName).toBe('after');
    });
  });

  test('what one session has committed another one reads that is told of it, for whomever it is', async () => {
    const id = await makeAccount(19);
    const told: Record<string, string> = {};
    const committed = (place: string, position: string) => {
      told[place] = position;
    };
    const name = async (known: Record<string, string>) => {
      const client = await users.session(null, { known, committed: () => {} }).read(id);
      return (await client.user.findUnique({ where: { id } }))?.displayName;
    };
    await whileReplayIsPaused(async () => {
      const data = { displayName: 'after' };
      await users
        .session(id, { known: {}, committed })
        .transaction(id, (tx) => tx.user.update({ where: { id }, data }));
      expect(Object.keys(told)).toEqual(['users/s1']);
      expect(await name(told)).toBe('after');
      expect(await name({})).toBe('before');
    });
  });

  test('consistency can be asked for: `primary` is the latest, `eventual` what a replica has', async () => {
    const id = await makeAccount(18);
    await whileReplayIsPaused(async () => {
      await rename(id, id, 'after');
      const session = users.session(id);
      const find = async (consistency: 'primary' | 'eventual') =>
        (await (await session.read(id, consistency)).user.findUnique({ where: { id } }))?.displayName;
      expect(await find('primary')).toBe('after');
      expect(await find('eventual')).toBe('before');
    });
  });
});

test('once replicas have caught up they serve the writer too', async () => {
  const id = await makeAccount(19);
  // What the server writes of its own may lie between the position and what has reached the disk.
  await eventually(async () => {
    const before = await opened.reads('replica');
    expect(await nameSeen(id, id)).toBe('before');
    expect((await opened.reads('replica')) - before).toBe(1);
  });
});

test('without Redis a viewer reads from primaries', async () => {
  const id = await makeAccount(20);
  const alone = await openTestDatabase('users', tenant.env, { redis: false });
  try {
    await whileReplayIsPaused(async () => {
      await rename(id, id, 'after');
      expect(await nameSeen(id, id, alone.database)).toBe('after');
      expect(await alone.reads('primary', 'positions_unknown')).toBe(1);
    });
  } finally {
    await alone.close();
  }
});

test('a replica whose address answers nothing costs no read: primaries serve', async () => {
  const id = await makeAccount(21);
  const env = { ...tenant.env };
  for (const shard of ['S1', 'S2']) env[`DATABASE_REPLICA_URLS_USERS_${shard}`] = 'postgres://nobody@127.0.0.1:9/none';
  const cut = await openTestDatabase('users', env);
  try {
    expect(await nameSeen(id, id, cut.database)).toBe('before');
    expect(await cut.reads('primary', 'unhealthy')).toBe(1);
    await cut.database.check();
  } finally {
    await cut.close();
  }
});

test('a statement that a replica fails to answer is answered by the primary', async () => {
  const id = await makeAccount(22);
  const client = await users.session(id).read(id, 'eventual');
  const before = await opened.reads('primary', 'failed_over');
  const answer = (async () =>
    client.$queryRaw<{ name: string }[]>`
      SELECT display_name AS name, pg_sleep(CASE WHEN pg_is_in_recovery() THEN 8 ELSE 0 END)::text AS slept
      FROM user_account WHERE id = ${id}::uuid`)();
  await eventually(async () => {
    const killed = await sql(
      tenant.databaseUrl('users', 's1', 'replica'),
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE query LIKE '%pg_is_in_recovery() THEN 8%' AND pid <> pg_backend_pid() AND state = 'active'`,
    );
    return killed.length > 0;
  });
  expect((await answer)[0]?.name).toBe('before');
  expect((await opened.reads('primary', 'failed_over')) - before).toBe(1);
});

test('a replica is not blamed for a pool that is full: what finds no connection goes to the primary, the rest stays', async () => {
  const pools = DatabasePolicy.parse({ pools: { read: { max: 2 } } });
  const small = await openTestDatabase('users', tenant.env, { pools });
  try {
    const id = await makeAccount(23);
    const client = await small.database.session(null).read(id, 'eventual');
    const slow = [1, 2].map(() => client.$queryRaw`SELECT pg_sleep(4)::text, pg_is_in_recovery() AS standby`);
    const late = client.$queryRaw<{ standby: boolean }[]>`SELECT pg_is_in_recovery() AS standby`;
    expect(await late).toEqual([{ standby: false }]);
    expect(await Promise.all(slow)).toEqual([1, 2].map(() => [{ pg_sleep: '', standby: true }]));
    expect(await small.reads('primary', 'failed_over')).toBe(0);
  } finally {
    await small.close();
  }
});

test('a primary without replicas refuses reads that would wait too long for it, and counts them', async () => {
  const id = await makeAccount(24);
  const env = { ...tenant.env, DATABASE_REPLICA_URLS_USERS_S1: 'postgres://nobody@127.0.0.1:9/none' };
  const pools = DatabasePolicy.parse({ pools: { read: { max: 2 } } });
  const alone = await openTestDatabase('users', env, { pools });
  try {
    const client = await alone.database.session(null).read(id);
    const crowd = Array.from({ length: 402 }, () => client.$queryRaw`SELECT pg_sleep(1)::text`);
    await expect(alone.database.session(null).read(id)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(await alone.reads('primary', 'crowded')).toBe(1);
    await Promise.allSettled(crowd);
    expect(await nameSeen(null, id, alone.database)).toBe('before');
  } finally {
    await alone.close();
  }
});

test('a shard that tells nothing of its map for seven seconds is not read, as its buckets may be elsewhere, until it tells', async () => {
  const id = await makeAccount(25);
  await using line = await cuttable(tenant.databaseUrl('users', 's1'));
  const env = { ...tenant.env, DATABASE_URL_USERS_S1: line.url, DATABASE_REPLICA_URLS_USERS_S1: '' };
  const cut = await openTestDatabase('users', env);
  try {
    expect(await nameSeen(null, id, cut.database)).toBe('before');
    line.hold();
    const refusal = async () =>
      cut.database
        .session(null)
        .read(id)
        .then(
          () => 'read',
          ({ code }) => code,
        );
    await expect.poll(refusal).toBe('SERVICE_UNAVAILABLE');
    line.letGo();
    await eventually(async () => expect(await nameSeen(null, id, cut.database)).toBe('before'));
  } finally {
    line.letGo();
    await cut.close();
  }
});

test('a client for reading offers no method that writes, and a replica refuses written SQL', async () => {
  const id = await makeAccount(23);
  await eventually(async () => {
    const before = await opened.reads('replica');
    await users.session(null).read(id);
    return (await opened.reads('replica')) > before;
  });
  const client = await users.session(null).read(id);
  // @ts-expect-error: `update` is for transactions.
  void client.user.update;
  const write = async () => client.$queryRaw`UPDATE user_account SET bio = 'no' WHERE id = ${id}::uuid RETURNING id`;
  await expect(write()).rejects.toThrow(/read-only/);
});
