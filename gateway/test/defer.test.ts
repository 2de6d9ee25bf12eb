/**
 * Answers in parts at every door: multipart bodies, server-sent events and WebSocket.
 */
import { eventually } from '@lyceum/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openGateway, type TestGateway } from './harness.ts';
import { openSocket } from './sockets.ts';

const APOLLO = 'multipart/mixed;deferSpec=20220824,application/json';
const BOOKS = '{ books { id ... @defer(label: "about") { reviews { stars } } } }';
const FIRST = { data: { books: [{ id: 'b1' }, { id: 'b2' }] }, hasNext: true };
const REST = {
  incremental: [
    { data: { reviews: [{ stars: 5 }] }, path: ['books', 0], label: 'about' },
    { data: { reviews: [] }, path: ['books', 1], label: 'about' },
  ],
  hasNext: false,
};
const WHOLE = {
  data: {
    books: [
      { id: 'b1', reviews: [{ stars: 5 }] },
      { id: 'b2', reviews: [] },
    ],
  },
};
/** Waits for what the test lets go. */
const SLOW = '{ books { id } ... @defer { slow } }';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway('developers: { introspection: true }');
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.subgraphs.calls.length = 0;
});

function ask(query: string, accept: string, init: RequestInit = {}): Promise<Response> {
  return fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify({ query }),
    ...init,
  });
}

/** As clients read it: a part is whole when the delimiter after it has come. */
async function* partsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown, string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    for (let parts = text.split('\r\n---'); parts.length > 2; parts = text.split('\r\n---')) {
      const [head = '', json = ''] = parts[1]!.split('\r\n\r\n');
      expect(head.trim()).toBe('content-type: application/json; charset=utf-8');
      yield JSON.parse(json);
      text = `\r\n---${parts.slice(2).join('\r\n---')}`;
    }
  }
  return text;
}

async function allPartsOf(response: Response): Promise<unknown[]> {
  const parts: unknown[] = [];
  for await (const part of partsOf(response.body!)) parts.push(part);
  return parts;
}

test('over HTTP, parts come as the parts of a multipart body, which ends with its last delimiter', async () => {
  const response = await ask(BOOKS, APOLLO);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('multipart/mixed; boundary="-"; deferSpec=20220824');
  const parts = partsOf(response.body!);
  expect((await parts.next()).value).toEqual(FIRST);
  expect((await parts.next()).value).toEqual(REST);
  expect(await parts.next()).toEqual({ done: true, value: '\r\n-----\r\n' });
});

test.each([
  'application/json',
  'application/graphql-response+json',
  '*/*',
  'multipart/mixed;subscriptionSpec=1.0,application/json',
  'multipart/mixed;incrementalSpec=v0.2,application/json',
  'multipart/related,application/json',
])('a client that takes %s gets the whole answer', async (accept) => {
  const response = await ask(BOOKS, accept);
  expect(response.headers.get('content-type')).toMatch(/^application\/(graphql-response\+)?json/);
  expect(await response.json()).toEqual(WHOLE);
});

test('multipart that names no form is the form that there is', async () => {
  const response = await ask(BOOKS, 'multipart/mixed');
  expect(await allPartsOf(response)).toEqual([FIRST, REST]);
});

test('what need not come in parts is one JSON answer, for who takes one, and one part for who does not', async () => {
  const json = await ask('{ books { id } }', APOLLO);
  expect(await json.json()).toEqual({ data: FIRST.data });
  const part = await ask('{ books { id } }', 'multipart/mixed');
  expect(await allPartsOf(part)).toEqual([{ data: FIRST.data }]);
});

test('a refusal is one JSON answer', async () => {
  const response = await ask('{ books { nonsense ... @defer { id } } }', APOLLO);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] });
});

test('errors in parts are masked like all others', async () => {
  const response = await ask('{ books { id } ... @defer { fault denied } }', APOLLO);
  const [, part] = await allPartsOf(response);
  expect(JSON.stringify(part)).not.toContain('hunter2');
  expect(part).toMatchObject({
    incremental: [
      {
        data: { fault: null, denied: null },
        path: [],
        errors: expect.arrayContaining([
          expect.objectContaining({ path: ['fault'], extensions: { code: 'INTERNAL' } }),
          expect.objectContaining({ path: ['denied'], extensions: { code: 'FORBIDDEN' } }),
        ]),
      },
    ],
  });
});

test('as server-sent events, each result is a next event, and complete is the last', async () => {
  const text = await (await ask(BOOKS, 'text/event-stream')).text();
  const events = text.split('\n\n').filter((event) => event.startsWith('event: '));
  const data = (event = '') => JSON.parse(event.replace('event: next\ndata: ', ''));
  expect(events).toHaveLength(3);
  expect([data(events[0]), data(events[1])]).toEqual([FIRST, REST]);
  expect(events[2]).toBe('event: complete\ndata:');
});

test('over WebSocket, each result is a next message, and complete is the last', async () => {
  const socket = await openSocket(gateway.url);
  await eventually(() => expect(socket.messages[0]?.type).toBe('connection_ack'));
  socket.send({ type: 'subscribe', id: 'a', payload: { query: BOOKS } });
  await eventually(() => expect(socket.messages.at(-1)).toEqual({ type: 'complete', id: 'a' }));
  expect(socket.messages.slice(1, -1)).toEqual([
    { type: 'next', id: 'a', payload: FIRST },
    { type: 'next', id: 'a', payload: REST },
  ]);
  socket.close();
  await socket.closed;
});

test('clients are told that there is @defer', async () => {
  const { data } = await gateway.ask('{ __schema { directives { name locations args { name } } } }');
  const { __schema } = data as { __schema: { directives: { name: string }[] } };
  expect(__schema.directives.find(({ name }) => name === 'defer')).toEqual({
    name: 'defer',
    locations: ['FRAGMENT_SPREAD', 'INLINE_FRAGMENT'],
    args: expect.arrayContaining([{ name: 'if' }, { name: 'label' }]),
  });
});

test.each(['multipart/mixed', 'text/event-stream'])(
  'over %s, what a client that leaves waited for is ended',
  async (type) => {
    const gone = new AbortController();
    const response = await ask(SLOW, type, { signal: gone.signal });
    const reader = response.body!.getReader();
    const decoder = new TextDecoder();
    let text = '';
    while (!text.includes('"hasNext":true')) text += decoder.decode((await reader.read()).value, { stream: true });
    await eventually(() => expect(gateway.subgraphs.calls).toContain('people.slow'));
    gone.abort();
    await reader.read().catch(() => undefined);
    await eventually(() => expect(gateway.subgraphs.calls).toContain('people.slow is not waited for'));
  },
);

test('over WebSocket, what an operation that the client ends waited for is ended', async () => {
  const socket = await openSocket(gateway.url);
  await eventually(() => expect(socket.messages[0]?.type).toBe('connection_ack'));
  socket.send({ type: 'subscribe', id: 'a', payload: { query: SLOW } });
  expect(await socket.answerTo('a')).toMatchObject({ type: 'next', payload: FIRST });
  await eventually(() => expect(gateway.subgraphs.calls).toContain('people.slow'));
  socket.send({ type: 'complete', id: 'a' });
  await eventually(() => expect(gateway.subgraphs.calls).toContain('people.slow is not waited for'));
  socket.close();
  await socket.closed;
});

test('a gateway that drains delivers what it has begun', async () => {
  const draining = await openGateway();
  try {
    const response = await fetch(draining.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: APOLLO },
      body: JSON.stringify({ query: SLOW }),
    });
    const parts = partsOf(response.body!);
    expect((await parts.next()).value).toEqual(FIRST);
    const drained = draining.drain();
    draining.subgraphs.release();
    expect((await parts.next()).value).toEqual({
      incremental: [{ data: { slow: 'at last' }, path: [] }],
      hasNext: false,
    });
    await parts.next();
    await drained;
  } finally {
    await draining.close();
  }
});
