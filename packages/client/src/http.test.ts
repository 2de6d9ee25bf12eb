/** Queries and mutations against a real server that misbehaves. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type MisbehavingService, openService } from '../test/misbehaving-service.ts';
import { makeToken } from '../test/tokens.ts';
import { createLyceumClient, isLyceumClientError, type LyceumClient, type LyceumClientOptions } from './index.ts';

let service: MisbehavingService;
const clients: LyceumClient[] = [];
beforeEach(async () => {
  service = await openService();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await service.stop();
});

function open(options: Partial<LyceumClientOptions> = {}): LyceumClient {
  const client = createLyceumClient({ url: service.url, ...options });
  clients.push(client);
  return client;
}

/** Holds answers back until the test lets them go. */
function gate() {
  let release = () => {};
  const opened = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { opened, release };
}

test('equal queries that are under way are one request; others, and mutations, are not', async () => {
  const { opened, release } = gate();
  service.answer = async ({ params }) => {
    await opened;
    return { data: params };
  };
  const client = open();
  const answers = Promise.all([
    client.query('{ a }', { x: 1 }),
    client.query('{ a }', { x: 1 }),
    client.query('{ a }', { x: 2 }),
    client.mutate('mutation { b }'),
    client.mutate('mutation { b }'),
  ]);
  await expect.poll(() => service.requests.length).toBe(4);
  release();
  const [first, second] = await answers;
  expect(first).toBe(second);
  await client.query('{ a }', { x: 1 });
  expect(service.requests.length).toBe(5);
});

test('who gives up waiting leaves the others their answer, and the last one stops the request', async () => {
  const { opened, release } = gate();
  service.answer = async () => {
    await opened;
    return { data: { a: 1 } };
  };
  const client = open();
  const leaving = new AbortController();
  const left = client.query('{ a }', {}, { signal: leaving.signal });
  const stayed = client.query('{ a }', {});
  await expect.poll(() => service.requests.length).toBe(1);
  leaving.abort(new Error('elsewhere'));
  await expect(left).rejects.toThrow('elsewhere');
  release();
  expect(await stayed).toEqual({ a: 1 });
  await expect(client.query('{ slow }', {}, { signal: AbortSignal.timeout(1) })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
});

test('any error of an answer is thrown with its codes, its status and the data that came', async () => {
  const errors = [
    { message: 'Not yours.', path: ['a'], extensions: { code: 'FORBIDDEN' } },
    { message: 'Too late.', path: ['b'], extensions: { code: 'CONFLICT' } },
  ];
  service.answer = () => ({ data: { a: null, b: null, c: 1 }, errors });
  const error = await open()
    .query('{ a b c }')
    .catch((thrown: unknown) => thrown);
  if (!isLyceumClientError(error, 'FORBIDDEN')) throw error;
  expect(error).toMatchObject({ codes: ['FORBIDDEN', 'CONFLICT'], errors, data: { c: 1 }, status: 200 });
});

test('a document that carries an id goes out as its id; a text and other documents as their text', async () => {
  const client = open();
  const known = { __meta__: { hash: 'sha256:abc' } } as unknown as string;
  await client.query(known, { x: 1 });
  await client.query('{ a }');
  await open({ documentIdOf: () => 'own' }).query(known);
  expect(service.requests.map(({ params }) => params)).toEqual([
    { documentId: 'sha256:abc', variables: { x: 1 } },
    { query: '{ a }' },
    { documentId: 'own' },
  ]);
});

test('an operation of another type is refused before it is sent', async () => {
  await expect(open().query('fragment F on T { a } mutation { b }')).rejects.toMatchObject({ code: 'BAD_INPUT' });
  expect(() => open().subscribe('{ a }')).toThrow('`query`');
  expect(service.requests).toEqual([]);
});

test('variables may be left out only where the document lets them', async () => {
  type Document<Variables> = TypedDocumentNode<{ answered: boolean }, Variables>;
  const client = open();
  const { answered } = await client.query(parse('{ answered }') as Document<{ limit?: number }>);
  expect(answered).toBe(true);
  // @ts-expect-error: `id` is missing.
  await client.query(parse('query ($id: ID!) { answered(id: $id) }') as Document<{ id: string }>);
});

test('a token that is refused is renewed once for all who wait, and each request is tried once more', async () => {
  let renewals = 0;
  service.accepts = (authorization) => authorization === 'Bearer fresh';
  const client = open({
    token: () => 'stale',
    async refreshToken() {
      renewals += 1;
      return 'fresh';
    },
  });
  await Promise.all([client.query('{ a }'), client.query('{ b }'), client.mutate('mutation { c }')]);
  await client.query('{ d }');
  expect(renewals).toBe(1);
  expect(service.requests.length).toBe(7);
});

test('a token that ends soon is renewed before anything is refused', async () => {
  const [old, fresh] = [makeToken({ endsIn: 5 }), makeToken({ name: 'fresh' })];
  const client = open({ token: () => old, refreshToken: () => fresh });
  await Promise.all([client.query('{ a }'), client.query('{ b }')]);
  expect(service.requests.map(({ authorization }) => authorization)).toEqual([`Bearer ${fresh}`, `Bearer ${fresh}`]);
});

test('a person whose token nobody renews is told to sign in again', async () => {
  service.accepts = () => false;
  for (const refreshToken of [undefined, () => null, () => 'stale']) {
    const client = open({ token: () => 'stale', refreshToken });
    await expect(client.query('{ a }')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  }
});

test('a query is asked elsewhere when an address fails; a mutation is not, and the next one finds the other address', async () => {
  const other = await openService();
  try {
    const client = open({ url: [service.url, other.url] });
    service.answer = () => undefined;
    await expect(client.mutate('mutation { a }')).rejects.toMatchObject({ code: 'NETWORK_FAILED' });
    await client.mutate('mutation { a }');
    other.answer = () => undefined;
    service.answer = () => ({ data: { b: 1 } });
    expect(await client.query('{ b }')).toEqual({ b: 1 });
    expect([service.requests.length, other.requests.length]).toEqual([2, 2]);
  } finally {
    await other.stop();
  }
});

test('an answer that does not come in time, or is no GraphQL, is an error that says so', async () => {
  service.answer = () => new Promise(() => {});
  await expect(open({ timeoutMs: 50 }).query('{ a }')).rejects.toMatchObject({ code: 'TIMED_OUT' });
  service.answer = () => ({ page: 'of a proxy' });
  await expect(open().query('{ a }')).rejects.toMatchObject({ code: 'BAD_RESPONSE', status: 200 });
});

test('a client that is closed says so to all who wait', async () => {
  service.answer = () => new Promise(() => {});
  const client = open();
  const asking = client.query('{ a }');
  const changing = client.mutate('mutation { a }');
  await expect.poll(() => service.requests.length).toBe(2);
  await client.close();
  await expect(asking).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  await expect(changing).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  expect(() => client.subscribe('subscription { n }')).toThrow('closed');
});
