/**
 * What is too much is refused before any subgraph is called, whatever the type of the operation and the door.
 */
import { eventually } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGateway, type TestGateway } from './harness.ts';
import { openSocket } from './sockets.ts';

const POLICY = `
limits:
  maxBodyBytes: 5000
  maxTokens: 200
  maxDepth: 4
  maxAliases: 3
  maxRootFields: 3
  maxFields: 30
  webSocket: { maxMessageBytes: 5000, maxOperations: 2 }
`;
const TOO_MUCH: Record<string, string> = {
  deep: '{ books { reviews { book { reviews { stars } } } } }',
  'deep through fragments':
    '{ books { ...A } } fragment A on Book { reviews { ...B } } fragment B on Review { book { reviews { stars } } }',
  aliased: '{ books { a: id b: id c: id d: id } }',
  'aliased __typename': '{ a: __typename b: __typename c: __typename d: __typename }',
  'wide at the root': '{ denied fault slow broken { stars } }',
  'doubling with each fragment': `{ books { ...A } } fragment A on Book { id ...B ...B2 } ${[
    ['B', 'C'],
    ['B2', 'C'],
    ['C', 'D'],
    ['D', 'E'],
  ]
    .map(([name, next]) => `fragment ${name} on Book { title id ...${next} ...${next} ...${next} }`)
    .join(' ')} fragment E on Book { id title }`,
  'long in tokens': `{ books { ${'id '.repeat(200)} } }`,
  'a subscription': 'subscription { reviewAdded { a: stars b: stars c: stars d: stars } }',
  'a mutation': 'mutation { a: rename(id: "1", name: "a") { b: id c: id d: id } }',
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway(POLICY);
});
afterAll(() => gateway.close());

test('a query that is too deep/aliased is refused before any subgraph is called, over HTTP and over WebSocket', async () => {
  const codes = ['OPERATION_TOO_LARGE', 'GRAPHQL_PARSE_FAILED'];
  const socket = await openSocket(gateway.url);
  await eventually(() => socket.messages.length === 1);
  for (const [kind, query] of Object.entries(TOO_MUCH)) {
    const overHttp = await gateway.ask(query, {
      headers: { accept: 'application/graphql-response+json, text/event-stream' },
    });
    expect(overHttp.data, kind).toBeUndefined();
    expect(codes, kind).toContain(overHttp.errors?.[0]?.extensions?.code);

    socket.send({ id: kind, type: 'subscribe', payload: { query } });
    const answer = await socket.answerTo(kind);
    expect(answer, kind).toMatchObject({ type: 'error', payload: [{ extensions: { code: expect.any(String) } }] });
    expect(codes, kind).toContain((answer.payload as { extensions: { code: string } }[])[0]?.extensions.code);
  }
  socket.close();
  expect(gateway.subgraphs.calls).toEqual([]);
  expect(gateway.subgraphs.subscribers).toBe(0);
});

test('a refusal does not say where the limit lies', async () => {
  const { errors } = await gateway.ask(TOO_MUCH.deep ?? '');
  expect(errors?.[0]?.message).not.toMatch(/\d/);
});

test('a body that is too large is refused before it is parsed, announced or not', async () => {
  const body = JSON.stringify({ query: `{ books { id } } # ${'x'.repeat(6_000)}` });
  const stream = new ReadableStream({
    start(controller) {
      for (let at = 0; at < body.length; at += 1_000)
        controller.enqueue(new TextEncoder().encode(body.slice(at, at + 1_000)));
      controller.close();
    },
  });
  const headers = { 'content-type': 'application/json' };
  for (const init of [{ body }, { body: stream, duplex: 'half' }]) {
    const response = await fetch(gateway.url, { method: 'POST', headers, ...init } as RequestInit);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'PAYLOAD_TOO_LARGE' } }] });
  }
});

test('a WebSocket message that is too large closes the socket', async () => {
  const socket = await openSocket(gateway.url);
  socket.send({ id: '1', type: 'subscribe', payload: { query: `{ books { id } } # ${'x'.repeat(6_000)}` } });
  expect((await socket.closed).code).toBe(1009);
});

test('a socket runs no more operations at once than the policy says', async () => {
  const socket = await openSocket(gateway.url);
  await eventually(() => socket.messages.length === 1);
  const query = 'subscription ($book: ID) { reviewAdded(bookId: $book) { stars } }';
  for (const id of ['1', '2', '3']) {
    socket.send({ id, type: 'subscribe', payload: { query, variables: { book: id } } });
  }
  const refused = await socket.answerTo('3');
  expect(refused).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'RATE_LIMITED' } }] });
  await eventually(() => gateway.subgraphs.subscribers === 2);
  socket.close();
  await eventually(() => gateway.subgraphs.subscribers === 0);
});

test('a changed policy takes effect without a restart, and a bad one is ignored', async () => {
  const query = '{ books { id } a: __typename b: __typename c: __typename d: __typename }';
  await gateway.setPolicy('limits: { maxAliases: 10 }');
  await eventually(async () => (await gateway.ask(query)).errors === undefined);
  await gateway.setPolicy('limits: { maxAliases: 1, maxAlaises: 2 }');
  expect((await gateway.ask(query)).errors).toBeUndefined();
  await gateway.setPolicy('limits: { maxAliases: 1 }');
  await eventually(async () => (await gateway.ask(query)).errors?.[0]?.extensions?.code === 'OPERATION_TOO_LARGE');
});
