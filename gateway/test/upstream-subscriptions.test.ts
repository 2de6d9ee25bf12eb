/**
 * What the gateway asks of a subgraph's socket, and when it asks again.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createLogger, fixedPolicy, sleep } from '@lyceum/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { GatewayPolicy } from '../src/config.ts';
import {
  createSubgraphSubscriptions,
  type SubgraphSubscriptions,
} from '../src/subscriptions/upstream/subgraph-subscriptions.ts';
import { CLAIMS_SECRET } from './subgraphs.ts';

/** Tells what it makes of a subscription that begins at this cursor. */
type Answer = (next: (payload: object) => void, cursor: unknown, socket: WebSocket) => void;

let server: WebSocketServer;
let answer: Answer;
/** Those that were brought, in order. */
let cursors: unknown[];
let subscriptions: SubgraphSubscriptions;
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  cursors = [];
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { type, id, payload } = JSON.parse(String(data));
      if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
      if (type !== 'subscribe') return;
      cursors.push(payload.extensions.cursor);
      const next = (event: object) => socket.send(JSON.stringify({ type: 'next', id, payload: event }));
      answer(next, payload.extensions.cursor, socket);
    });
  });
  subscriptions = createSubgraphSubscriptions({
    policy: fixedPolicy(GatewayPolicy.parse({ limits: { maxPendingEvents: 10 }, subgraphs: { connectMs: 500 } })),
    claimsSecret: CLAIMS_SECRET,
    log: createLogger('test', { level: 'silent' }),
  });
});
afterEach(async () => {
  await subscriptions.close();
  for (const client of server.clients) client.terminate();
  server.close();
});

const event = (n: number) => ({ data: { n }, extensions: { cursor: `c${n}` } });

/** Reads so many events, as slowly as said. */
async function read(count: number, { from = null as string | null, slowMs = 0 } = {}): Promise<unknown[]> {
  const { port } = server.address() as AddressInfo;
  const heard: unknown[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const leave = subscriptions.subscribe(`http://127.0.0.1:${port}`, REQUEST, SCOPE, from, {
    async event({ data }) {
      heard.push(data?.n);
      if (heard.length === count) resolve();
      await sleep(slowMs);
    },
    ended: (error) => (error ? reject(error) : resolve()),
  });
  await promise.finally(leave);
  return heard.slice(0, count);
}

const REQUEST = { query: 'subscription { n }' };
const SCOPE = { requestId: 'r1', viewer: null };

test('a backlog that comes faster than it is read is asked for again from the cursor, and nothing is lost', async () => {
  answer = (next, cursor) => {
    for (let n = Number(String(cursor ?? 'c0').slice(1)) + 1; n <= 60; n += 1) next(event(n));
  };
  expect(await read(60, { slowMs: 2 })).toEqual(Array.from({ length: 60 }, (_, at) => at + 1));
  expect(cursors.length).toBeGreaterThan(1);
});

test('a subscription whose socket breaks goes on from the last event, and from where it began if there was none', async () => {
  answer = (next, _cursor, socket) => {
    if (cursors.length === 1) return socket.terminate();
    if (cursors.length === 2) {
      for (const n of [1, 2]) next(event(n));
      return void setTimeout(() => socket.terminate(), 50);
    }
    next(event(3));
  };
  expect(await read(3, { from: 'c0' })).toEqual([1, 2, 3]);
  expect(cursors).toEqual(['c0', 'c0', 'c2']);
});

test('a subgraph that takes connections and says nothing is asked again, and may be given up at any moment', async () => {
  const silent = createServer();
  let connections = 0;
  silent.on('connection', () => {
    connections += 1;
  });
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const { port } = silent.address() as AddressInfo;
  const leave = subscriptions.subscribe(`http://127.0.0.1:${port}`, REQUEST, SCOPE, null, {
    event: () => expect.unreachable(),
    ended: () => expect.unreachable(),
  });
  await expect.poll(() => connections).toBeGreaterThan(1);
  leave();
  silent.close();
});

test('events without cursors that come faster than they are read end the subscription', async () => {
  answer = (next) => {
    for (let n = 1; n <= 60; n += 1) next({ data: { n } });
  };
  await expect(read(60, { slowMs: 2 })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
});
