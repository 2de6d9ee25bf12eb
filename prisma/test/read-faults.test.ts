/**
 * What a read throws when not the statement but the server is at fault, by raw SQL and by Prisma's models.
 */
import { type CuttableLine, cuttable, openTenant, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, DatabasePolicy, newId } from '../src/index.ts';
import { openTestDatabase } from './support.ts';

const ID = newId(7);
const SHORT = DatabasePolicy.parse({ pools: { read: { timeoutMs: 1_000 } } });

let tenant: Tenant;
let line: CuttableLine;
let alone: Awaited<ReturnType<typeof openTestDatabase<'users'>>>;
let replicated: typeof alone;

beforeAll(async () => {
  tenant = await openTenant(['users']);
  line = await cuttable(tenant.databaseUrl('users', 's1'));
  const withoutReplica = { DATABASE_URL_USERS_S1: line.url, DATABASE_REPLICA_URLS_USERS_S1: '' };
  alone = await openTestDatabase('users', { ...tenant.env, ...withoutReplica }, { pools: SHORT });
  replicated = await openTestDatabase('users', tenant.env, { pools: SHORT });
});
afterAll(async () => {
  await alone?.close();
  await replicated?.close();
  await line?.[Symbol.asyncDispose]();
  await tenant?.close();
});

const reads: [name: string, read: (client: Client<'users'>) => Promise<unknown>][] = [
  ['raw SQL', (client) => client.$queryRaw`SELECT id FROM user_account WHERE id = ${ID}::uuid`],
  ['a model', (client) => client.user.findUnique({ where: { id: ID } })],
];

test.for(reads)(
  '%s on a server that refuses connections is SERVICE_UNAVAILABLE, and answers once it is back',
  async ([, read]) => {
    const client = await alone.database.session(null).read(ID);
    await read(client);
    await line.cut();
    await expect(read(client)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await line.mend();
    await expect.poll(() => read(client).catch(({ code }) => code)).not.toBe('SERVICE_UNAVAILABLE');
  },
);

test.for(reads)('%s that a silent server does not answer is TIMED_OUT', async ([, read]) => {
  const client = await alone.database.session(null).read(ID);
  await read(client);
  line.hold();
  try {
    await expect(read(client)).rejects.toMatchObject({ code: 'TIMED_OUT' });
  } finally {
    line.letGo();
  }
});

test.for(['alone', 'replicated'] as const)('a statement that takes too long is TIMED_OUT: %s', async (which) => {
  const { database, reads: count } = which === 'alone' ? alone : replicated;
  const client = await database.session(null).read(ID);
  await expect(client.$queryRaw`SELECT pg_sleep(30)::text`).rejects.toMatchObject({ code: 'TIMED_OUT' });
  expect(await count('primary', 'failed_over')).toBe(0);
});

test('an error of the statement itself is left as it is', async () => {
  const client = await alone.database.session(null).read(ID);
  await expect(client.$queryRaw`SELECT nonsense`).rejects.toMatchObject({ code: '42703' });
});
