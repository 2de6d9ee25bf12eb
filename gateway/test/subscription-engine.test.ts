/**
 * One execution for all who listen, and nothing lost: over real sockets, to a real subgraph that follows topics in Redis.
 */
import { randomUUID } from 'node:crypto';
import { eventually, graphClient, openTenant, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { openGateway, type TestGateway } from './harness.ts';
import { openReadings, type Readings } from './readings.ts';

let tenant: Tenant;
let readings: Readings;
let gateway: TestGateway;
beforeAll(async () => {
  tenant = await openTenant([]);
  readings = await openReadings(tenant);
  gateway = await openGateway('limits: { webSocket: { maxBufferedBytes: 65536 } }');
  await serve(gateway.subgraphs.compose(readings));
});
afterAll(async () => {
  await gateway.close();
  await readings.close();
  await tenant.close();
});

async function serve(sdl: string): Promise<void> {
  const version = async () => {
    const response = await fetch(`${gateway.origin}/health/ready`);
    return ((await response.json()) as { details: { supergraph: { version: string } } }).details.supergraph.version;
  };
  const before = await version();
  await gateway.setSupergraph(sdl);
  await eventually(async () => (await version()) !== before);
}

/** The sum of a metric over its labels. */
async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${gateway.origin}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

interface Listener {
  /** The data of events, as they came. */
  readonly heard: { page: number; reader?: string | null }[];
  readonly cursors: string[];
  readonly errors: { message: string; extensions: { code: string } }[];
  readonly closed: Promise<number>;
  readonly socket: WebSocket;
}

interface Listening {
  readonly viewerId?: string;
  readonly cursor?: string | null;
  readonly operationId?: string;
}

/** A socket of its own. */
async function listen(query: string, id: string, options: Listening = {}): Promise<Listener> {
  const { viewerId, cursor = null, operationId = randomUUID() } = options;
  const token = viewerId && (await gateway.token({ viewerId, sessionId: SESSION }));
  const socket = new WebSocket(gateway.url.replace(/^http/, 'ws'), 'graphql-transport-ws');
  onTestFinished(() => socket.terminate());
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  const state: Listener = { heard: [], cursors: [], errors: [], closed, socket };
  socket.on('message', (data) => {
    const message = JSON.parse(String(data));
    if (message.type === 'connection_ack') {
      const payload = { query, variables: { id }, extensions: { cursor } };
      socket.send(JSON.stringify({ id: operationId, type: 'subscribe', payload }));
    }
    if (message.type === 'error') state.errors.push(...message.payload);
    if (message.type !== 'next') return;
    expect(message.id).toBe(operationId);
    const { data: event, extensions } = message.payload;
    if (extensions?.cursor) state.cursors.push(extensions.cursor);
    if (event) state.heard.push(event[Object.keys(event)[0]!]);
  });
  await new Promise((resolve) => socket.once('open', resolve));
  const payload = token ? { authorization: `Bearer ${token}` } : {};
  socket.send(JSON.stringify({ type: 'connection_init', payload }));
  return state;
}

const SESSION = randomUUID();
const PATIENCE = { timeoutMs: 60_000 };
const SHARED = 'subscription ($id: ID!) { pageRead(id: $id) { page book { id } } }';
const OWN = 'subscription ($id: ID!) { pageRead(id: $id) { page reader } }';
const pagesOf = ({ heard }: Listener) => heard.map(({ page }) => page);
const upTo = (page: number) => Array.from({ length: page }, (_, at) => at + 1);

/** Once the subscription is open, with its first cursor. */
async function opened(...listeners: Listener[]): Promise<void> {
  await eventually(() => listeners.every(({ cursors }) => cursors.length > 0));
}

test('1,000 viewers with one operation that is the same for everybody cost one upstream subscription, one completion and one writing of each event', async () => {
  const id = randomUUID();
  const asked = readings.viewers.length;
  const executed = readings.executed;
  const completed = await metric('lyceum_gateway_subscription_enrichments_total');
  const frames = await metric('lyceum_gateway_subscription_events_total');
  const listeners: Listener[] = [];
  for (let n = 0; n < 1_000; n += 50) {
    const more = Array.from({ length: 50 }, () => listen(SHARED, id, { viewerId: randomUUID() }));
    listeners.push(...(await Promise.all(more)));
  }
  await opened(...listeners);
  expect(readings.viewers.slice(asked)).toEqual([null]);
  expect(await metric('lyceum_gateway_subscription_groups')).toBe(1);
  for (let n = 0; n < 3; n += 1) await readings.turn(id);
  await expect.poll(() => listeners.every(({ heard }) => heard.length === 3)).toBe(true);
  for (const listener of listeners) expect(pagesOf(listener)).toEqual([1, 2, 3]);
  expect(readings.executed - executed).toBe(3);
  expect((await metric('lyceum_gateway_subscription_enrichments_total')) - completed).toBe(3);
  // An opening is a frame as well.
  expect((await metric('lyceum_gateway_subscription_events_total')) - frames).toBe(4_000);
  for (const { socket } of listeners) socket.close();
  await eventually(() => readings.subscribers === 0);
});

test('one field that depends on the viewer keeps viewers apart, and shares among the sockets of one', async () => {
  const id = randomUUID();
  const [ada, grace] = [randomUUID(), randomUUID()];
  const asked = readings.viewers.length;
  const listeners = await Promise.all([ada, ada, grace].map((viewerId) => listen(OWN, id, { viewerId })));
  const nobody = await listen(OWN, id);
  await opened(...listeners, nobody);
  expect(readings.viewers.slice(asked).sort()).toEqual([ada, grace, null].sort());
  await readings.turn(id);
  await expect
    .poll(() => [...listeners, nobody].map(({ heard }) => heard))
    .toEqual([ada, ada, grace, null].map((reader) => [{ page: 1, reader }]));
});

test('who comes back with a cursor hears what was missed, and is then served with the others', async () => {
  const id = randomUUID();
  const stays = await listen(SHARED, id);
  const leaves = await listen(SHARED, id);
  await opened(stays, leaves);
  await readings.turn(id);
  await expect.poll(() => pagesOf(leaves)).toEqual([1]);
  leaves.socket.terminate();
  for (let n = 0; n < 3; n += 1) await readings.turn(id);
  const back = await listen(SHARED, id, { cursor: leaves.cursors.at(-1)! });
  await expect.poll(() => pagesOf(back)).toEqual([2, 3, 4]);
  await readings.turn(id);
  await expect.poll(() => [pagesOf(stays), pagesOf(back)]).toEqual([upTo(5), [2, 3, 4, 5]]);
  await eventually(() => readings.subscribers === 1);
  // Once it is told that it has caught up.
  expect(back.cursors).toHaveLength(5);
});

test('a subgraph that is restarted costs no listener an event', async () => {
  const id = randomUUID();
  const listeners = await Promise.all([listen(SHARED, id), listen(OWN, id), listen(SHARED, id)]);
  await opened(...listeners);
  await readings.turn(id);
  await expect.poll(() => listeners.map(pagesOf)).toEqual([[1], [1], [1]]);
  await readings.stop();
  for (let n = 0; n < 2; n += 1) await readings.turn(id);
  await readings.start();
  await readings.turn(id);
  await expect.poll(() => listeners.map(pagesOf)).toEqual([upTo(4), upTo(4), upTo(4)]);
});

test('subscriptions go on when the supergraph is replaced, on the new graph; what it does not serve ends with SUPERGRAPH_CHANGED', async () => {
  const id = randomUUID();
  const [shared, own] = [await listen(SHARED, id), await listen(OWN, id)];
  await opened(shared, own);
  await readings.turn(id);
  await expect.poll(() => [pagesOf(shared), pagesOf(own)]).toEqual([[1], [1]]);
  const changed = readings.typeDefs.replace('    reader: ID\n', '    reading: ID\n');
  await serve(gateway.subgraphs.compose({ ...readings, typeDefs: changed }));
  await expect.poll(() => own.errors[0]?.extensions.code).toBe('SUPERGRAPH_CHANGED');
  await readings.turn(id);
  await expect.poll(() => pagesOf(shared)).toEqual([1, 2]);
  expect(shared.errors).toEqual([]);

  // To another address: asked there from where it stands.
  const moved = await openReadings(tenant);
  onTestFinished(() => moved.close());
  await serve(gateway.subgraphs.compose({ ...readings, url: moved.url }));
  await eventually(() => moved.subscribers === 1 && readings.subscribers === 0);
  await readings.turn(id);
  await expect.poll(() => pagesOf(shared)).toEqual([1, 2, 3]);
  await serve(gateway.subgraphs.compose(readings));
  await eventually(() => moved.subscribers === 0);
});

/** Two who follow large events, of whom one stops to read. Publishes until the gateway has counted more than so many of a metric. */
async function untilBackedUp(query: string, name: string, times: number) {
  const id = randomUUID();
  const [reads, stops] = await Promise.all([listen(query, id), listen(query, id)]);
  await opened(reads, stops);
  stops.socket.pause();
  const before = await metric(name);
  let pages = 0;
  await eventually(async () => {
    pages = await readings.turn(id);
    await eventually(() => reads.heard.length === pages);
    return (await metric(name)) >= before + times;
  }, PATIENCE);
  return { id, reads, stops, pages };
}

test('a reader that stops is closed beyond its budget of bytes, and the others hear everything', async () => {
  const query = 'subscription ($id: ID!) { pageRead(id: $id) { page text(length: 300000) } }';
  const { reads, stops, pages } = await untilBackedUp(query, 'lyceum_gateway_subscription_slow_closes_total', 1);
  stops.socket.resume();
  await stops.closed;
  expect(pagesOf(stops).length).toBeLessThan(pages);
  expect(pagesOf(reads)).toEqual(upTo(pages));
});

test('where the newest is enough, a reader that stops gets the newest when it reads again, and stays', async () => {
  const query = 'subscription ($id: ID!) { pageOpened(id: $id) { page text(length: 300000) } }';
  const { id, stops, pages } = await untilBackedUp(query, 'lyceum_gateway_subscription_coalesced_total', 4);
  stops.socket.resume();
  await eventually(() => pagesOf(stops).at(-1) === pages);
  expect(pagesOf(stops).length).toBeLessThan(pages);
  const next = await readings.turn(id);
  await eventually(() => pagesOf(stops).at(-1) === next);
});

test('a client that knows no cursors gets events alone', async () => {
  const id = randomUUID();
  const events = graphClient(gateway.url).subscribe(SHARED, { id });
  const first = events.next();
  await eventually(async () => (await metric('lyceum_gateway_live_subscriptions')) === 1);
  const witness = await listen(SHARED, id);
  await opened(witness);
  await readings.turn(id);
  expect((await first).value).toMatchObject({ pageRead: { page: 1 } });
  await events.return();
  witness.socket.close();
  await eventually(() => readings.subscribers === 0);
});
