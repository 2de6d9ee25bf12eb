/**
 * The stock clients of both protocols, WebSocket and server-sent events, against a gateway.
 */
import { cuttable } from '@lyceum/testing';
import { type ClientOptions, createClient as createSseClient } from 'graphql-sse';
import { createClient as createWebSocketClient } from 'graphql-ws';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { openGateway, type TestGateway } from './harness.ts';
import { BOOKS, EVERY, LATEST, RENAME } from './transports.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());

const followers = () => gateway.subgraphs.ticks.followers;
/** Whatever a test has opened is closed by then. */
beforeEach(() => expect.poll(followers).toBe(0));

describe('the client of graphql-ws', () => {
  function stockClient(options: object = {}) {
    const client = createWebSocketClient({
      url: gateway.url.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      ...options,
    });
    onTestFinished(async () => void (await client.dispose()));
    return client;
  }

  test('runs operations of every type on one socket', async () => {
    const client = stockClient();
    const live = client.iterate({ query: EVERY });
    const first = live.next();
    await expect.poll(followers).toBe(1);
    for (const [query, results] of [
      ['{ __typename }', 1],
      [RENAME, 1],
      [BOOKS, 2],
    ] as const) {
      const got = [];
      for await (const result of client.iterate({ query })) got.push(result);
      expect(got).toHaveLength(results);
    }
    gateway.subgraphs.ticks.emit();
    expect((await first).value).toMatchObject({ data: { everyTick: { n: gateway.subgraphs.ticks.last } } });
    await live.return?.();
    await expect.poll(followers).toBe(0);
  });

  test('is told of errors as the protocol has them', async () => {
    const failing = stockClient().iterate({ query: '{ boooks }' });
    await expect(failing.next()).rejects.toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    const forbidden = stockClient({ connectionParams: { authorization: 'Bearer a.b.c' } });
    await expect(forbidden.iterate({ query: EVERY }).next()).rejects.toMatchObject({ code: 4403 });
  });

  test('keeps its socket alive by pings of its own', async () => {
    let pongs = 0;
    const client = stockClient({ keepAlive: 20, on: { pong: () => (pongs += 1) } });
    const live = client.iterate({ query: EVERY });
    void live.next();
    await expect.poll(() => pongs).toBeGreaterThan(2);
    await live.return?.();
  });
});

describe.each([
  ['an event stream for each operation', false],
  ['one event stream for all', true],
])('the client of graphql-sse with %s', (_name, singleConnection) => {
  test('runs operations of every type, side by side', async () => {
    const client = sseClient({ singleConnection });
    const n = firstTick();
    const [one, other] = [client.iterate({ query: EVERY }), client.iterate({ query: LATEST })];
    const firsts = [one.next(), other.next()];
    await expect.poll(followers).toBe(2);
    expect(await collect(client.iterate({ query: RENAME }))).toEqual([{ data: { rename: { name: 'Ursula' } } }]);
    const parts = await collect(client.iterate({ query: BOOKS }));
    expect(parts).toMatchObject([{ data: { books: [{ id: 'b1' }, { id: 'b2' }] }, hasNext: true }, { hasNext: false }]);
    gateway.subgraphs.ticks.emit();
    const heard = await Promise.all(firsts);
    expect(heard.map(({ value }) => value)).toMatchObject([
      { data: { everyTick: { n } } },
      { data: { latestTick: { n } } },
    ]);
    await Promise.all([one.return?.(), other.return?.()]);
    await expect.poll(followers).toBe(0);
  });

  test('comes back by itself when its line is cut', async () => {
    const line = await cuttable(gateway.origin);
    onTestFinished(() => line[Symbol.asyncDispose]());
    let attempts = 0;
    const client = sseClient({
      url: `${line.url}/graphql`,
      singleConnection,
      retryAttempts: 50,
      retry: async () => {
        attempts += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      },
    });
    const events = client.iterate({ query: EVERY });
    const first = events.next();
    await expect.poll(followers).toBe(1);
    await line.cut();
    await expect.poll(followers).toBe(0);
    await line.mend();
    await expect.poll(followers).toBe(1);
    const n = firstTick();
    gateway.subgraphs.ticks.emit();
    expect((await first).value).toMatchObject({ data: { everyTick: { n } } });
    expect(attempts).toBeGreaterThan(0);
    await events.return?.();
    await expect.poll(followers).toBe(0);
  });
});

const firstTick = () => gateway.subgraphs.ticks.last + 1;

function sseClient(options: Partial<ClientOptions<boolean>> = {}) {
  const client = createSseClient({ url: gateway.url, retryAttempts: 0, ...options } as ClientOptions<false>);
  onTestFinished(() => client.dispose());
  return client;
}

async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}
