/**
 * There are two doors for HTTP, and nobody can tell which one answered: the same requests, good and bad, get the same
 * status, headers and body.
 */
import { createServer, type Server } from 'node:http';
import { CLAIMS_HEADER } from '@lyceum/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGateway } from '../src/gateway.ts';
import { carry, commonHeaders, requestIdOf } from '../src/http/common-headers.ts';
import { createGraphQLHttp } from '../src/http/graphql-http.ts';
import { createYogaDoor } from '../src/http/yoga-door.ts';
import type { Resources } from '../src/resources.ts';
import { createEventStreams } from '../src/subscriptions/sse/event-streams.ts';
import { openGateway, type TestGateway } from './harness.ts';

const POLICY = `
limits: { maxBodyBytes: 20000, maxAliases: 3 }
http: { compression: { minBytes: 200 } }
cors: { origins: ['https://learn.example.org'] }
`;
const JSON_TYPE = { 'content-type': 'application/json' };
const NEWER = 'application/graphql-response+json';
const LARGE =
  '{ books { id title author { id name } editor { name } reviews { stars book { id title } } } b: books { id title } }';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway(POLICY, bothDoors);
});
afterAll(() => gateway.close());

/** Which door is tried stands in a header; what the first one hands over is answered with 501. */
function bothDoors({ gatewayMetrics: metrics, subscriptionMetrics, ...resources }: Resources): Server {
  const { authenticator, watchIdentity, policy, log, life } = resources;
  const behind = createGateway({ ...resources, metrics });
  const streams = createEventStreams({ policy, metrics: subscriptionMetrics });
  const yoga = createYogaDoor({ gateway: behind, authenticator, watchIdentity, policy, streams });
  const door = createGraphQLHttp({
    gateway: behind,
    authenticator,
    policy,
    life,
    log,
    uncommon: (_req, res) => res.writeHead(501).end(),
  });
  return createServer((req, res) => {
    if (req.headers['x-door'] !== 'yoga') return door(req, res);
    const requestId = requestIdOf(req);
    carry(req, res, requestId, commonHeaders(req, requestId, policy.current));
    void yoga(req, res);
  });
}

interface Asked {
  readonly method?: string;
  readonly search?: string;
  readonly headers?: Record<string, string>;
  readonly body?: BodyInit;
}

const post = (body: unknown, headers: Record<string, string> = {}): Asked => ({
  method: 'POST',
  headers: { ...JSON_TYPE, ...headers },
  body: typeof body === 'string' || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body),
});
const get = (params: Record<string, string>, headers: Record<string, string> = {}): Asked => ({
  search: `?${new URLSearchParams(params)}`,
  headers,
});

const REQUESTS: Record<string, Asked> = {
  'a query': post({ query: '{ books { title author { name } } }' }),
  'a query with variables': post({ query: 'query Q($id: ID!) { book(id: $id) { title } }', variables: { id: 'b1' } }),
  'one of several operations': post({ query: 'query A { __typename } query B { books { id } }', operationName: 'B' }),
  'nulls for what may be left out': post({
    query: '{ __typename }',
    variables: null,
    operationName: null,
    extensions: null,
  }),
  extensions: post({ query: '{ __typename }', extensions: { a: 1 } }),
  'a character set': post({ query: '{ __typename }' }, { 'content-type': 'application/json; charset=UTF-8' }),
  'a byte order mark': post('\uFEFF{"query":"{ __typename }"}'),
  'a mutation': post({ query: 'mutation { rename(id: "p1", name: "Ürsula") { name } }' }),
  'partial data': post({ query: '{ fault books { id } }' }),
  'a refusal of a subgraph': post({ query: '{ denied }' }),
  'a null that bubbles': post({ query: '{ broken { stars } books { id } }' }),
  'a document that does not parse': post({ query: '{ books {' }),
  'a document that is not valid': post({ query: '{ boooks { id } }' }),
  'variables that do not fit': post({ query: 'query ($id: ID!) { book(id: $id) { id } }', variables: {} }),
  'an operation that is not there': post({ query: '{ __typename }', operationName: 'Other' }),
  'an operation that asks for too much': post({ query: '{ a: __typename b: __typename c: __typename d: __typename }' }),
  'introspection where it is closed': post({ query: '{ __schema { types { name } } }' }),
  'a subscription without a stream': post({ query: 'subscription { reviewAdded { stars } }' }),
  'no body': post(''),
  'no JSON': post('{'),
  'no map': post('7'),
  null: post('null'),
  'several operations in a list': post([{ query: '{ __typename }' }]),
  'bytes that are no text': post(new Uint8Array([0x7b, 0xff, 0x7d])),
  'no query': post({ variables: {} }),
  'a query that is no text': post({ query: 7 }),
  'variables that are no map': post({ query: '{ __typename }', variables: [1] }),
  'extensions that are no map': post({ query: '{ __typename }', extensions: 'x' }),
  'an operation name that is no text': post({ query: '{ __typename }', operationName: 7 }),
  'a parameter without a meaning': post({ query: '{ __typename }', quarry: 1 }),
  'too large a body': post({ query: `{ __typename } # ${'x'.repeat(30_000)}` }),
  GET: get({ query: '{ books { id } }' }),
  'GET with variables': get({ query: 'query ($id: ID!) { book(id: $id) { title } }', variables: '{"id":"b2"}' }),
  'GET with variables that are no JSON': get({ query: '{ __typename }', variables: '{' }),
  'GET with variables that are no map': get({ query: '{ __typename }', variables: '[]' }),
  'GET with a parameter without a meaning': get({ query: '{ __typename }', quarry: '1' }),
  'GET without a query': get({ operationName: 'A' }),
  'a mutation by GET': get({ query: 'mutation { rename(id: "p1", name: "x") { name } }' }),
  'a page of a listed origin': post({ query: '{ __typename }' }, { origin: 'https://learn.example.org' }),
  'a page of another origin': post({ query: '{ __typename }' }, { origin: 'https://evil.example.org' }),
  'a request id that is none': post({ query: '{ __typename }' }, { 'x-request-id': 'a b' }),
  'two credentials': post({ query: '{ __typename }' }, { authorization: 'Bearer a.b.c', [CLAIMS_HEADER]: 'x' }),
  'a scheme that is not known': post({ query: '{ __typename }' }, { authorization: 'Basic dXNlcjpwYXNz' }),
  'claims that are not ours': post({ query: '{ __typename }' }, { [CLAIMS_HEADER]: 'nonsense' }),
  'a large answer': post({ query: LARGE }, { 'accept-encoding': 'identity' }),
  'a large answer by gzip': post({ query: LARGE }, { 'accept-encoding': 'gzip' }),
  'a large answer by brotli': post({ query: LARGE }, { 'accept-encoding': 'gzip, deflate, br' }),
  'a large answer by what is welcome most': post({ query: LARGE }, { 'accept-encoding': 'br;q=0.1, gzip;q=0.5' }),
  'a small answer is not compressed': post({ query: '{ __typename }' }, { 'accept-encoding': 'gzip, br' }),
};
const ACCEPTS = [
  'application/json',
  NEWER,
  '*/*',
  `${NEWER}, application/json;q=0.9`,
  `application/json;q=0.9, ${NEWER}`,
];
const COMPARED = ['content-type', 'content-length', 'content-encoding', 'vary', 'cache-control', 'allow'];

for (const [name, asked] of Object.entries(REQUESTS)) {
  test(`both doors answer alike: ${name}`, async () => {
    for (const accept of ACCEPTS) {
      const [fast, yoga] = await Promise.all([ask('fast', asked, accept), ask('yoga', asked, accept)]);
      expect({ accept, ...fast }).toEqual({ accept, ...yoga });
    }
  });
}

test('both doors know who is asking', async () => {
  const viewerId = '01890000-0000-7000-8000-000000000002';
  const token = await gateway.token({ viewerId });
  for (const authorization of [
    `Bearer ${token}`,
    `bearer ${token}`,
    `Bearer ${await gateway.token({ forged: true })}`,
  ]) {
    const asked = post({ query: '{ seen { viewerId } }' }, { authorization });
    const [fast, yoga] = await Promise.all([ask('fast', asked, NEWER), ask('yoga', asked, NEWER)]);
    expect(fast).toEqual(yoga);
  }
});

test('the first door keeps what it can answer: only the rest is handed over', async () => {
  const rest: Asked[] = [
    { method: 'OPTIONS' },
    { method: 'PUT', headers: JSON_TYPE, body: '{}' },
    post({ query: '{ __typename }' }, { 'content-type': 'text/plain' }),
    post({ query: '{ __typename }' }, { 'content-encoding': 'gzip' }),
  ];
  for (const asked of rest) expect((await ask('fast', asked, 'application/json')).status).toBe(501);
  for (const accept of ['text/event-stream', 'application/xml', 'multipart/mixed, application/json']) {
    expect((await ask('fast', post({ query: '{ __typename }' }), accept)).status).toBe(501);
  }
});

test('a large answer is compressed for who accepts it, by what is welcome most', async () => {
  const encodings = {
    'large answer': null,
    'large answer by gzip': 'gzip',
    'large answer by brotli': 'br',
    'large answer by what is welcome most': 'gzip',
    'small answer is not compressed': null,
  };
  for (const [name, encoding] of Object.entries(encodings)) {
    const { status, headers, body } = await ask('fast', REQUESTS[`a ${name}`] ?? {}, NEWER);
    expect({ name, status, encoding: headers['content-encoding'] ?? null }).toEqual({ name, status: 200, encoding });
    expect(JSON.parse(body)).toHaveProperty('data');
  }
});

async function ask(door: 'fast' | 'yoga', { search = '', headers, ...init }: Asked, accept: string) {
  const response = await fetch(`${gateway.url}${search}`, {
    ...init,
    headers: { accept, 'x-request-id': 'r1', 'x-door': door, ...headers },
  });
  const answered = Object.fromEntries(
    [...response.headers].filter(([name]) => COMPARED.includes(name) || name.startsWith('access-control-')),
  );
  const requestId = response.headers.get('x-request-id');
  return {
    status: response.status,
    headers: answered,
    requestId: requestId === 'r1' ? 'r1' : requestId?.length,
    body: await response.text(),
  };
}
