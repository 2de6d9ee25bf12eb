/**
 * The end of a socket, close code by close code: a reader that is too slow, a token that is over, a gateway that drains.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { listenOn } from '@lyceum/service-kit';
import { eventually } from '@lyceum/testing';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { openGateway, type TestGateway } from '../harness.ts';
import { acknowledgedSocket, connectSocket, openSocket } from '../sockets.ts';
import { bearer, EVERY, FLOOD } from '../transports.ts';
import { acknowledged, numbers, of, subscribe } from './rig.ts';

/** Each socket is pinged once in 12 s, and one that is idle is closed then. */
const IDLE_TIMEOUT_MS = 20_000;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());

const followers = () => gateway.subgraphs.ticks.followers;
/** Whatever a test has opened is closed by then. */
beforeEach(() => expect.poll(followers).toBe(0));

test('a client that does not read is closed with 4450 if it must get every event', async () => {
  const socket = await acknowledged(gateway);
  socket.send(subscribe('1', 'subscription { everyTick { n filler } }'));
  await expect.poll(followers).toBe(1);
  socket.read(false);
  gateway.subgraphs.ticks.emit(FLOOD.events, FLOOD.bytes);
  await expect.poll(followers, { timeout: 10_000 }).toBe(0);
  socket.read(true);
  expect(await socket.closed).toEqual({ code: 4450, reason: 'Slow reader: resume from the last cursor' });
  expect(numbers(socket, '1').length).toBeLessThan(FLOOD.events);
});

test('a client that does not read gets the newest event later, if that is what is declared', async () => {
  const query = 'subscription { latestTick { n filler } }';
  const [socket, witness] = [await acknowledged(gateway), await acknowledged(gateway)];
  for (const each of [socket, witness]) each.send(subscribe('1', query, { extensions: { cursor: null } }));
  await socket.answerTo('1');
  await witness.answerTo('1');
  socket.read(false);
  gateway.subgraphs.ticks.emit(FLOOD.events, FLOOD.bytes);
  const { last } = gateway.subgraphs.ticks;
  await expect.poll(() => numbers(witness, '1').at(-1), { timeout: 10_000 }).toBe(last);
  socket.read(true);
  await expect.poll(() => numbers(socket, '1').at(-1), { timeout: 10_000 }).toBe(last);
  expect(numbers(socket, '1').length).toBeLessThan(FLOOD.events);
});

test('a socket is closed with 4403 within a second of the end of its token', async () => {
  const expiresAt = (Math.floor(Date.now() / 1_000) + 2) * 1_000;
  const token = await gateway.token({ expiresInSeconds: 2 });
  const socket = await acknowledged(gateway, bearer(token));
  expect(await socket.closed).toEqual({ code: 4403, reason: 'The access token has expired.' });
  expect(Math.abs(Date.now() - expiresAt)).toBeLessThan(1_000);
});

test('a fresh token in a ping prolongs a socket beyond the first, and no event is lost', async () => {
  const [viewerId, sessionId] = [randomUUID(), randomUUID()];
  const token = (expiresInSeconds: number) => gateway.token({ viewerId, sessionId, expiresInSeconds });
  const first = await acknowledged(gateway, bearer(await token(2)));
  const other = await acknowledged(gateway, bearer(await token(2)));
  first.send(subscribe('1', EVERY));
  await expect.poll(followers).toBe(1);
  gateway.subgraphs.ticks.emit();
  const fresh = await token(60);
  first.send({ type: 'ping', payload: bearer(fresh) });
  const [, claims = ''] = fresh.split('.');
  const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  const payload = { expiresAt: new Date(exp * 1_000).toISOString() };
  await expect.poll(() => first.messages).toContainEqual({ type: 'pong', payload });
  gateway.subgraphs.ticks.emit();
  expect(await other.closed).toMatchObject({ code: 4403 });
  gateway.subgraphs.ticks.emit();
  const { last } = gateway.subgraphs.ticks;
  await expect.poll(() => numbers(first, '1')).toEqual([last - 2, last - 1, last]);
});

test('a token in a ping that is bad, of another person or of another session is closed with 4403', async () => {
  const viewerId = randomUUID();
  const wrong = [
    await gateway.token(),
    await gateway.token({ viewerId }),
    await gateway.token({ viewerId, forged: true }),
    'nonsense',
  ];
  for (const token of wrong) {
    const socket = await acknowledged(gateway, bearer(await gateway.token({ viewerId })));
    socket.send({ type: 'ping', payload: bearer(token) });
    expect(await socket.closed).toMatchObject({ code: 4403 });
    expect(socket.messages).toHaveLength(1);
  }
});

test('a token in a ping is none of an anonymous socket, which is closed with 4403', async () => {
  const socket = await acknowledged(gateway);
  socket.send({ type: 'ping', payload: bearer(await gateway.token()) });
  expect(await socket.closed).toMatchObject({ code: 4403 });
});

test('while no keys can be had, a token is neither good nor bad: closed with 1013', async () => {
  const silent = await refusing();
  const locked = await openGateway('', undefined, { JWKS_URL: silent.url });
  onTestFinished(() => locked.close());
  const socket = await openSocket(locked.url, bearer(await locked.token()));
  expect(await socket.closed).toMatchObject({ code: 1013 });
});

test('a gateway that drains takes no socket and closes those it has with 1012, after what they wait for', async () => {
  const draining = await openGateway();
  onTestFinished(() => draining.close());
  const socket = await acknowledgedSocket(draining.url);
  socket.send(subscribe('slow', '{ slow }'));
  await expect.poll(() => draining.subgraphs.calls).toContain('people.slow');
  const drained = draining.drain();
  await eventually(async () => {
    await expect(connectSocket(draining.url)).rejects.toThrow();
  });
  draining.subgraphs.release();
  expect(await socket.closed).toEqual({ code: 1012, reason: 'Service restart' });
  expect(of(socket, 'slow')).toHaveLength(2);
  await drained;
});

test('a client that says goodbye leaves nothing behind', async () => {
  const socket = await acknowledged(gateway);
  socket.send(subscribe('1', EVERY));
  await expect.poll(followers).toBe(1);
  socket.close();
  expect(await socket.closed).toMatchObject({ code: 1005 });
  await expect.poll(followers).toBe(0);
});

test('a socket without an operation is closed after a while; one that has one is not', {
  timeout: IDLE_TIMEOUT_MS,
}, async () => {
  const impatient = await openGateway('limits: { webSocket: { idleMs: 100 } }');
  onTestFinished(() => impatient.close());
  // Sockets take turns at being pinged: the first that opens comes last, and the two after it come next.
  await acknowledgedSocket(impatient.url);
  const busy = await acknowledgedSocket(impatient.url);
  busy.send(subscribe('1', EVERY));
  const idle = await acknowledgedSocket(impatient.url);
  expect(await idle.closed).toEqual({ code: 1000, reason: 'Idle' });
  impatient.subgraphs.ticks.emit();
  await expect.poll(() => numbers(busy, '1')).toEqual([1]);
});

/** An address for keys that has none to give. */
async function refusing(): Promise<{ url: string }> {
  const server = createServer((_req, res) => res.writeHead(503).end());
  onTestFinished(() => void server.close());
  return await listenOn(server, 0, '127.0.0.1');
}
