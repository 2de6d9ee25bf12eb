/**
 * Server-sent events in both modes of GraphQL over SSE: an event stream for each operation, and one for several, which the
 * client reserves. With the stock client, and by hand where it hides something.
 */
import { randomUUID } from 'node:crypto';
import { cuttable, eventually } from '@lyceum/testing';
import { type ClientOptions, createClient } from 'graphql-sse';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openEventStream } from './event-streams.ts';
import { openGateway, type TestGateway } from './harness.ts';
import { acknowledgedSocket } from './sockets.ts';

const TOKEN = 'x-graphql-event-stream-token';
const ORIGIN = 'https://learn.example.org';
const EVERY = 'subscription { everyTick { n } }';
const LATEST = 'subscription { latestTick { n filler } }';
const BOOKS = '{ books { id ... @defer { reviews { stars } } } }';
const RENAME = 'mutation { rename(id: "p1", name: "Ursula") { name } }';
const KILO = 1024;
/** More than the kernel takes for a client that does not read. */
const FLOOD = { events: 40, bytes: KILO * KILO };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway(`
cors: { origins: ['${ORIGIN}'] }
limits:
  maxBodyBytes: 20000
  webSocket: { maxOperations: 4, maxSocketsPerUser: 3, initialisationMs: 2000 }
`);
});
afterAll(() => gateway.close());

/** Whatever a test has opened is closed by then. */
beforeEach(() => expect.poll(followers).toBe(0));

const followers = () => gateway.subgraphs.ticks.followers;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

function stockClient(options: Partial<ClientOptions<boolean>> = {}) {
  const client = createClient({ url: gateway.url, retryAttempts: 0, ...options } as ClientOptions<false>);
  onTestFinished(() => client.dispose());
  return client;
}

/** The protocol by hand: each answer as it is. */
async function reserve(headers: Record<string, string> = {}, at = gateway) {
  const answer = await fetch(at.url, { method: 'PUT', headers });
  const token = await answer.text();
  const withToken = { [TOKEN]: token, ...headers };
  async function ask(init: RequestInit, search = '') {
    const response = await fetch(`${at.url}${search}`, { ...init, headers: { ...withToken, ...init.headers } });
    const text = await response.text();
    return { status: response.status, code: text ? JSON.parse(text).errors[0].extensions.code : undefined };
  }
  const post = (body: object | string, more: Record<string, string> = {}) =>
    ask({
      method: 'POST',
      headers: { 'content-type': 'application/json', ...more },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    token,
    ask,
    post,
    run: (operationId: string, query: string, more: object = {}) =>
      post({ query, extensions: { operationId, ...more } }),
    end: (operationId: string) => ask({ method: 'DELETE' }, `?operationId=${operationId}`),
    async open(more: Record<string, string> = {}) {
      const stream = await openEventStream(at.url, { headers: { ...withToken, ...more } });
      onTestFinished(() => stream.close());
      /** Of one operation: what its events hold, the end as null. */
      const of = (id: string) =>
        stream.events.filter(({ data }) => data?.id === id).map(({ data }) => data?.payload ?? null);
      return { ...stream, of, numbers: (id: string) => numbersOf(of(id)) };
    },
  };
}

function numbersOf(payloads: readonly ({ data?: Record<string, unknown> | null } | null)[]): number[] {
  return payloads.flatMap((payload) => Object.values(payload?.data ?? {}).map((tick) => (tick as { n: number }).n));
}

const firstTick = () => gateway.subgraphs.ticks.last + 1;

describe.each([
  ['an event stream for each operation', false],
  ['one event stream for all', true],
])('the stock client with %s', (_name, singleConnection) => {
  test('runs operations of every type, side by side', async () => {
    const client = stockClient({ singleConnection });
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
    const client = stockClient({
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

async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('an event stream for each operation', () => {
  test('what is refused is told by an event, and the stream ends as the operation', async () => {
    const stream = await openEventStream(gateway.url, { body: { query: '{ boooks }' } });
    expect(await stream.over).toBe('ended');
    expect(stream.status).toBe(200);
    expect(stream.events).toMatchObject([
      { event: 'next', data: { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] } },
      { event: 'complete' },
    ]);
  });

  test('events have ids, with which a browser comes back for the rest', async () => {
    const n = firstTick();
    const follow = (cursor: string) =>
      openEventStream(gateway.url, { body: { query: EVERY }, headers: { 'last-event-id': cursor } });
    const first = await openEventStream(gateway.url, { body: { query: EVERY, extensions: { cursor: null } } });
    await expect.poll(() => first.events).toMatchObject([{ id: expect.any(String) }]);
    gateway.subgraphs.ticks.emit(3);
    await expect.poll(() => first.events).toHaveLength(4);
    first.close();
    const again = await follow(first.events[2]?.id ?? '');
    await expect
      .poll(() => again.events.map(({ data }) => data?.data))
      .toEqual([{ everyTick: { n: n + 2 } }, undefined]);
    again.close();
    await expect.poll(followers).toBe(0);
  });
});

describe('one event stream for several operations', () => {
  test('each step is answered with the status of the protocol', async () => {
    const stream = await reserve();
    expect(stream).toMatchObject({ status: 201, type: 'text/plain; charset=utf-8' });
    expect(stream.token).toMatch(/^[\w-]{32}$/);
    const opened = await stream.open();
    expect(opened.response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    expect((await stream.open()).status).toBe(409);

    expect(await stream.run('q', '{ __typename }')).toEqual({ status: 202 });
    await expect.poll(() => opened.of('q')).toEqual([{ data: { __typename: 'Query' } }, null]);
    expect(await stream.run('live', EVERY)).toEqual({ status: 202 });
    expect(await stream.run('live', EVERY)).toEqual({ status: 409, code: 'CONFLICT' });
    expect(await stream.end('live')).toEqual({ status: 200 });
    await expect.poll(followers).toBe(0);
    expect(await stream.end('live')).toEqual({ status: 200 });
    expect(opened.of('live')).toEqual([]);
    // Its id is free again.
    expect(await stream.run('q', '{ __typename }')).toEqual({ status: 202 });
  });

  test('what is no request of the protocol is refused, and says what is wrong', async () => {
    const { ask, post, run, token } = await reserve();
    const refused = async (answer: ReturnType<typeof ask>) => Object.values(await answer);
    const text = { 'content-type': 'text/plain' };
    expect(await refused(post({ query: '{ __typename }' }))).toEqual([400, 'BAD_REQUEST']);
    expect(await refused(run('', '{ __typename }'))).toEqual([400, 'BAD_REQUEST']);
    expect(await refused(run('x'.repeat(257), '{ __typename }'))).toEqual([400, 'BAD_REQUEST']);
    expect(await refused(post('{'))).toEqual([400, 'BAD_REQUEST']);
    expect(await refused(post(`"${'x'.repeat(20_000)}"`))).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(await refused(post('query={__typename}', text))).toEqual([415, undefined]);
    expect(await refused(post({ query: '{ __typename }' }, { accept: 'text/html' }))).toEqual([406, undefined]);
    expect(await refused(run('q', '{ books {'))).toEqual([400, 'GRAPHQL_PARSE_FAILED']);
    expect(await refused(run('q', '{ boooks }'))).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect(await refused(ask({ method: 'DELETE' }))).toEqual([400, 'BAD_REQUEST']);
    expect(await refused(ask({ method: 'PUT', headers: { accept: 'application/json' } }))).toEqual([406, undefined]);
    const bad = { authorization: 'Bearer a.b.c' };
    expect(await refused(ask({ method: 'PUT', headers: bad }))).toEqual([401, 'UNAUTHENTICATED']);
    expect(await refused(ask({ headers: { accept: 'text/event-stream', ...bad } }))).toEqual([401, 'UNAUTHENTICATED']);
    const search = new URLSearchParams({ token, query: RENAME, extensions: '{"operationId":"m"}' });
    expect(await refused(ask({}, `?${search}`))).toEqual([400, 'BAD_REQUEST']);
  });

  test('a stream that was not reserved does not exist, whatever is asked of it', async () => {
    const body = JSON.stringify({ query: '{ __typename }', extensions: { operationId: '1' } });
    const requests: RequestInit[] = [
      { headers: { accept: 'text/event-stream' } },
      { method: 'POST', headers: { 'content-type': 'application/json' }, body },
      { method: 'DELETE' },
    ];
    for (const init of requests) {
      const response = await fetch(`${gateway.url}?token=none&operationId=1`, init);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'STREAM_NOT_FOUND' } }] });
    }
    expect((await fetch(`${gateway.url}?operationId=1`, { method: 'DELETE' })).status).toBe(404);
  });

  test('the token may stand in the address, as browsers need it, also of an operation by GET', async () => {
    const { token } = await reserve();
    const stream = await openEventStream(`${gateway.url}?token=${token}`);
    onTestFinished(() => stream.close());
    const search = new URLSearchParams({ token, query: '{ __typename }', extensions: '{"operationId":"q"}' });
    expect((await fetch(`${gateway.url}?${search}`)).status).toBe(202);
    await expect.poll(() => stream.events).toHaveLength(2);
    expect(stream.events).toMatchObject([
      { event: 'next', data: { id: 'q' } },
      { event: 'complete', data: { id: 'q' } },
    ]);
  });

  test('results that come before the stream is opened wait for it', async () => {
    const { run, open } = await reserve();
    const n = firstTick();
    await run('live', EVERY);
    await run('q', '{ __typename }');
    await expect.poll(followers).toBe(1);
    gateway.subgraphs.ticks.emit(2);
    const stream = await open();
    await expect.poll(() => stream.numbers('live')).toEqual([n, n + 1]);
    expect(stream.of('q')).toEqual([{ data: { __typename: 'Query' } }, null]);
    stream.close();
    await expect.poll(followers).toBe(0);
  });

  test('an operation goes on from its cursor, on another stream', async () => {
    const n = firstTick();
    const first = await reserve();
    const heard = await first.open();
    await first.run('1', EVERY, { cursor: null });
    await expect.poll(() => heard.of('1')).toEqual([{ extensions: { cursor: expect.any(String) } }]);
    gateway.subgraphs.ticks.emit(2);
    await expect.poll(() => heard.numbers('1')).toEqual([n, n + 1]);
    heard.close();
    gateway.subgraphs.ticks.emit(1);
    const second = await reserve();
    const rest = await second.open();
    await second.run('1', EVERY, { cursor: heard.of('1')[1]?.extensions?.cursor });
    await expect.poll(() => rest.numbers('1')).toEqual([n + 1, n + 2]);
    expect(await second.run('2', EVERY, { cursor: 'made up' })).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
    rest.close();
    await expect.poll(followers).toBe(0);
  });

  test('the end and the failure of an operation are told in the stream, which goes on', async () => {
    const { run, open } = await reserve();
    const stream = await open();
    await run('1', 'subscription { faulty(how: SOURCE) { n } }');
    await expect.poll(() => stream.of('1').at(-1)).toBe(null);
    await run('2', '{ fault }');
    await expect.poll(() => stream.of('2')).toMatchObject([{ errors: [{ extensions: { code: 'INTERNAL' } }] }, null]);
  });

  test('a stream is for who reserved it: to others it does not exist; the ticket alone opens it', async () => {
    const [viewerId, sessionId] = [randomUUID(), randomUUID()];
    const own = bearer(await gateway.token({ viewerId, sessionId }));
    const { token, run, end, open } = await reserve(own);
    const others = [
      bearer(await gateway.token()),
      bearer(await gateway.token({ viewerId })),
      bearer(await gateway.token({ sessionId })),
      {},
    ];
    for (const headers of others) {
      const asked = (init: RequestInit, more = {}) =>
        fetch(`${gateway.url}?operationId=1`, { ...init, headers: { [TOKEN]: token, ...headers, ...more } });
      const body = JSON.stringify({ query: '{ __typename }', extensions: { operationId: '1' } });
      expect((await asked({ method: 'POST', body }, { 'content-type': 'application/json' })).status).toBe(404);
      expect((await asked({ method: 'DELETE' })).status).toBe(404);
      if ('authorization' in headers) expect((await asked({}, { accept: 'text/event-stream' })).status).toBe(404);
    }
    const stream = await openEventStream(gateway.url, { headers: { [TOKEN]: token } });
    onTestFinished(() => stream.close());
    expect(stream.status).toBe(200);
    expect((await open()).status).toBe(409);
    // A fresh token of the same session is as good.
    const fresh = bearer(await gateway.token({ viewerId, sessionId, expiresInSeconds: 600 }));
    const body = JSON.stringify({ query: '{ seen { viewerId } }', extensions: { operationId: '1' } });
    const headers = { [TOKEN]: token, 'content-type': 'application/json', ...fresh };
    expect((await fetch(gateway.url, { method: 'POST', headers, body })).status).toBe(202);
    await expect.poll(() => stream.events[0]?.data?.payload?.data).toEqual({ seen: { viewerId } });
    expect((await run('2', '{ __typename }')).status).toBe(202);
    expect((await end('2')).status).toBe(200);
  });

  test('streams and sockets of one person are counted together', async () => {
    const token = await gateway.token();
    const socket = await acknowledgedSocket(gateway.url, bearer(token));
    const [first, second] = [await reserve(bearer(token)), await reserve(bearer(token))];
    const refused = await fetch(gateway.url, { method: 'PUT', headers: bearer(token) });
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
    const stream = await second.open();
    stream.close();
    await eventually(async () => (await reserve(bearer(token))).status === 201);
    // Who comes back with a token has lost that stream.
    const instead = await fetch(gateway.url, { method: 'PUT', headers: { ...bearer(token), [TOKEN]: first.token } });
    expect(instead.status).toBe(201);
    expect((await first.open()).status).toBe(404);
    socket.close();
  });

  test('one stream carries so many operations and no more', async () => {
    const { run, open } = await reserve();
    const stream = await open();
    for (const id of ['1', '2', '3', '4']) expect((await run(id, EVERY)).status).toBe(202);
    expect(await run('5', EVERY)).toEqual({ status: 429, code: 'RATE_LIMITED' });
    stream.close();
    await expect.poll(followers).toBe(0);
  });

  test('an operation whose client does not wait for its admission is ended', async () => {
    const { token, open } = await reserve();
    await open();
    const leaving = new AbortController();
    const asked = fetch(gateway.url, {
      method: 'POST',
      headers: { [TOKEN]: token, 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ slow }', extensions: { operationId: '1' } }),
      signal: leaving.signal,
    });
    await expect.poll(() => gateway.subgraphs.calls).toContain('people.slow');
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => gateway.subgraphs.calls).toContain('people.slow is not waited for');
  });

  test('an operation that is ended while it begins is answered with 204', async () => {
    const { run, end, open } = await reserve();
    await open();
    gateway.subgraphs.calls.length = 0;
    const asked = run('1', '{ slow }');
    await expect.poll(() => gateway.subgraphs.calls).toContain('people.slow');
    expect((await end('1')).status).toBe(200);
    expect(await asked).toEqual({ status: 204 });
  });

  test('a reservation that is not used in time is gone, with what was asked of it', async () => {
    const { run, open } = await reserve();
    await run('1', EVERY);
    await expect.poll(followers).toBe(1);
    await expect.poll(followers, { timeout: 5_000 }).toBe(0);
    expect((await open()).status).toBe(404);
  });

  test('a stream is broken off when the token of who reserved it expires', async () => {
    const { run, open } = await reserve(bearer(await gateway.token({ expiresInSeconds: 1 })));
    const stream = await open();
    await run('1', EVERY);
    expect(await stream.over).toBe('broken off');
    await expect.poll(followers).toBe(0);
    expect(stream.of('1')).toEqual([]);
  });

  test('a client that does not read is broken off if it must get every event', async () => {
    const { run, open } = await reserve();
    const stream = await open();
    await run('1', 'subscription { everyTick { n filler } }');
    await expect.poll(followers).toBe(1);
    stream.response.pause();
    gateway.subgraphs.ticks.emit(FLOOD.events, FLOOD.bytes);
    await expect.poll(followers, { timeout: 10_000 }).toBe(0);
    stream.response.resume();
    expect(await stream.over).toBe('broken off');
  });

  test('a client that does not read gets the newest event later, if that is what is declared', async () => {
    const { run, open } = await reserve();
    const stream = await open();
    await run('1', LATEST);
    const witness = await openWitness();
    await expect.poll(followers).toBe(1);
    stream.response.pause();
    gateway.subgraphs.ticks.emit(FLOOD.events, FLOOD.bytes);
    const last = gateway.subgraphs.ticks.last;
    await expect.poll(witness.last, { timeout: 10_000 }).toBe(last);
    stream.response.resume();
    await expect.poll(() => stream.numbers('1').at(-1), { timeout: 10_000 }).toBe(last);
    expect(stream.numbers('1').length).toBeLessThan(FLOOD.events);
  });

  test('what waits for a stream that is not opened yet is bounded, too', async () => {
    const every = await reserve();
    await every.run('1', 'subscription { everyTick { n filler } }');
    const latest = await reserve();
    await latest.run('1', LATEST);
    const witness = await openWitness();
    await expect.poll(followers).toBe(2);
    gateway.subgraphs.ticks.emit(20, 100 * KILO);
    await expect.poll(followers).toBe(1);
    expect((await every.open()).status).toBe(404);
    await expect.poll(witness.last).toBe(gateway.subgraphs.ticks.last);
    const stream = await latest.open();
    await expect.poll(() => stream.numbers('1').at(-1)).toBe(gateway.subgraphs.ticks.last);
    expect(stream.numbers('1').length).toBeLessThan(10);
  });

  test('pages of listed origins may reserve streams, send the token and end operations', async () => {
    const preflight = await fetch(gateway.url, {
      method: 'OPTIONS',
      headers: { origin: ORIGIN, 'access-control-request-method': 'PUT', 'access-control-request-headers': TOKEN },
    });
    expect(preflight.headers.get('access-control-allow-methods')).toMatch(/PUT.*DELETE/);
    expect(preflight.headers.get('access-control-allow-headers')).toContain(TOKEN);
    const reserved = await fetch(gateway.url, { method: 'PUT', headers: { origin: ORIGIN } });
    expect(reserved.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    const other = await fetch(gateway.url, { method: 'PUT', headers: { origin: 'https://evil.example.org' } });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });
});

/** Reads what one who does not read is sent, too. */
async function openWitness() {
  const { events, close } = await openEventStream(gateway.url, { body: { query: LATEST } });
  onTestFinished(close);
  return { last: () => numbersOf(events.map(({ data }) => data ?? null)).at(-1) };
}

test('a gateway that drains delivers what it has finished, then breaks streams off', async () => {
  const draining = await openGateway();
  onTestFinished(() => draining.close());
  const { run, open } = await reserve({}, draining);
  const stream = await open();
  await run('live', EVERY);
  const slow = run('slow', '{ slow }');
  await eventually(() => draining.subgraphs.calls.includes('people.slow') && draining.subgraphs.ticks.followers === 1);
  const drained = draining.drain();
  await eventually(async () => {
    await expect(fetch(draining.url, { method: 'PUT' })).rejects.toThrow();
  });
  draining.subgraphs.release();
  expect(await slow).toEqual({ status: 202 });
  expect(await stream.over).toBe('broken off');
  expect(stream.of('slow')).toEqual([{ data: { slow: 'at last' } }, null]);
  expect(stream.of('live')).toEqual([]);
  await drained;
});
