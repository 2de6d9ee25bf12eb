/**
 * Signing out somewhere ends everything of that session here: with a real Redis, over a line that can be cut.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  closeRedis,
  connectRedis,
  createLogger,
  createRedisKeys,
  endSession,
  type Redis,
  readRevocations,
  revokeOtherRoles,
  systemClock,
} from '@lyceum/service-kit';
import { type CuttableLine, cuttable, openTenant, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { openGateway, type TestGateway } from './harness.ts';
import { openSocket, type RawSocket } from './sockets.ts';

const SEEN = '{ seen { viewerId } }';
const REVIEWS = 'subscription { reviewAdded { stars } }';

let tenant: Tenant;
let line: CuttableLine;
let gateway: TestGateway;
let publisher: Redis;
beforeAll(async () => {
  tenant = await openTenant([]);
  line = await cuttable(tenant.env.REDIS_URL!);
  const env = { REDIS_URL: line.url, REDIS_PREFIX: tenant.id };
  gateway = await openGateway('', undefined, env);
  publisher = await connectRedis(tenant.env.REDIS_URL!, 'publisher', { log: createLogger('test') });
});
afterAll(async () => {
  await closeRedis(publisher);
  await gateway.close();
  await line[Symbol.asyncDispose]();
  await tenant.close();
});

const signOut = (sessionId: string) => endSession(publisher, createRedisKeys(tenant.id), sessionId, systemClock.now());

async function session() {
  const sessionId = randomUUID();
  const token = await gateway.token({ sessionId });
  return {
    sessionId,
    token,
    connect: () => openSocket(gateway.url, { authorization: `Bearer ${token}` }),
    ask: async () => (await gateway.ask(SEEN, { token })).errors?.[0]?.extensions?.code ?? 'OK',
  };
}

async function acknowledged(...sockets: RawSocket[]): Promise<void> {
  const isAcknowledged = ({ messages }: RawSocket) => messages[0]?.type === 'connection_ack';
  await expect.poll(() => sockets.every(isAcknowledged)).toBe(true);
}

test('a session that ends elsewhere closes its sockets with 4403 and its streams, and its token is refused; others stay', async () => {
  const [leaving, staying] = [await session(), await session()];
  const [gone, kept] = [await leaving.connect(), await staying.connect()];
  await acknowledged(gone, kept);
  for (const socket of [gone, kept]) socket.send({ id: '1', type: 'subscribe', payload: { query: REVIEWS } });
  const stream = await fetch(gateway.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${leaving.token}`,
    },
    body: JSON.stringify({ query: REVIEWS }),
  });
  const read = stream.text();
  read.catch(() => {});
  // The socket and the stream of one session are one group.
  await expect.poll(() => gateway.subgraphs.subscribers).toBe(2);
  expect([await leaving.ask(), await staying.ask()]).toEqual(['OK', 'OK']);

  await signOut(leaving.sessionId);
  expect(await gone.closed).toEqual({ code: 4403, reason: 'The session has ended. Sign in again.' });
  await expect(read).rejects.toThrow();
  expect([await leaving.ask(), await staying.ask()]).toEqual(['UNAUTHENTICATED', 'OK']);
  const again = await leaving.connect();
  expect(await again.closed).toMatchObject({ code: 4403 });
  await expect.poll(() => gateway.subgraphs.subscribers).toBe(1);
  gateway.subgraphs.emit({ stars: 4, book: { id: 'b1' }, reviewer: { id: 'p1' } });
  expect(await kept.answerTo('1')).toMatchObject({ payload: { data: { reviewAdded: { stars: 4 } } } });
  kept.close();
});

test('a socket whose session has ended asks for nothing more, though it does not say goodbye', async () => {
  const thief = await session();
  const socket = new WebSocket(gateway.url.replace(/^http/, 'ws'), 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${thief.token}` } }));
  await once(socket, 'message');
  socket.pause();
  await signOut(thief.sessionId);
  await expect.poll(thief.ask).toBe('UNAUTHENTICATED');
  const query = 'mutation { rename(id: "p1", name: "Mallory") { id } }';
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  // What is asked later is answered: the socket's message was read before.
  await gateway.ask(SEEN);
  await gateway.ask(SEEN);
  const closed = once(socket, 'close');
  socket.resume();
  expect((await closed)[0]).toBe(4403);
  expect(gateway.subgraphs.calls).not.toContain('people.rename');
});

test('sessions that ended while Redis was away are known once it is back', async () => {
  const before = await session();
  const socket = await before.connect();
  await acknowledged(socket);
  await line.cut();
  onTestFinished(() => line.mend().catch(() => {}));
  await signOut(before.sessionId);
  expect(await before.ask()).toBe('OK');
  await line.mend();
  expect(await socket.closed).toMatchObject({ code: 4403 });
  expect(await before.ask()).toBe('UNAUTHENTICATED');
});

test('a session is kept for as long as an access token of it may be good, and no longer', async () => {
  const old = await session();
  await signOut(old.sessionId);
  const keptAfter = async (minutes: number) => {
    const at = new Date(Date.now() + minutes * 60_000);
    const revocations = await readRevocations(publisher, createRedisKeys(tenant.id), at);
    return revocations.some(([revocation]) => 'sessionId' in revocation && revocation.sessionId === old.sessionId);
  };
  expect([await keptAfter(15), await keptAfter(17)]).toEqual([true, false]);
});

test('a gateway that starts later knows what has ended before', async () => {
  const old = await session();
  await signOut(old.sessionId);
  const env = { REDIS_URL: line.url, REDIS_PREFIX: tenant.id };
  const later = await openGateway('', undefined, env);
  onTestFinished(() => later.close());
  const token = await later.token({ sessionId: old.sessionId });
  await expect.poll(async () => (await later.ask(SEEN, { token })).status).toBe(401);
});

test('a change of roles closes the sockets of who has other roles now with 4403, and refuses their tokens until they are refreshed', async () => {
  const viewerId = randomUUID();
  const sessionId = randomUUID();
  const connect = async (roles: readonly ('LEARNER' | 'INSTRUCTOR')[]) => {
    const token = await gateway.token({ viewerId, sessionId, roles });
    const ask = async () => (await gateway.ask(SEEN, { token })).errors?.[0]?.extensions?.code ?? 'OK';
    return { ask, socket: await openSocket(gateway.url, { authorization: `Bearer ${token}` }) };
  };
  const [before, stranger] = [await connect(['LEARNER']), await session()];
  const other = await stranger.connect();
  await acknowledged(before.socket, other);

  const keys = createRedisKeys(tenant.id);
  await revokeOtherRoles(publisher, keys, { userId: viewerId, roles: ['LEARNER', 'INSTRUCTOR'] }, systemClock.now());
  expect((await before.socket.closed).code).toBe(4403);
  await expect.poll(before.ask).toBe('UNAUTHENTICATED');
  const after = await connect(['INSTRUCTOR', 'LEARNER']);
  await acknowledged(after.socket, other);
  expect([await after.ask(), await stranger.ask()]).toEqual(['OK', 'OK']);

  await revokeOtherRoles(publisher, keys, { userId: viewerId, roles: ['LEARNER'] }, systemClock.now());
  expect((await after.socket.closed).code).toBe(4403);
  await expect.poll(before.ask).toBe('OK');
});
