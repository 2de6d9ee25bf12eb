/**
 * The door itself: GraphQL over HTTP as specified, health, GraphiQL, other origins, draining.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { eventually, graphClient } from '@lyceum/testing';
import { getIntrospectionQuery } from 'graphql';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openGateway, type TestGateway } from './harness.ts';
import { openSocket } from './sockets.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway(`
cors: { origins: ['https://learn.example.org', 'https://teach.example.org'] }
developers: { introspection: true, graphiql: true }
`);
});
afterAll(() => gateway.close());

describe('GraphQL over HTTP', () => {
  for (const audit of serverAudits({ url: () => gateway.url })) {
    test(audit.name, async () => {
      const result = await audit.fn();
      // SHOULD and MAY are advice; a MUST that fails is a fault.
      if (audit.name.startsWith('MUST')) expect(result).toMatchObject({ status: 'ok' });
      else expect(result.status).not.toBe('error');
    });
  }
});

test('forms and plain text are refused, so that no page can forge a request', async () => {
  const types = [
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'application/graphql',
  ];
  for (const type of types) {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': type },
      body: 'query={__typename}',
    });
    expect({ type, status: response.status }).toEqual({ type, status: 415 });
  }
});

test('pages of listed origins may call, others may not', async () => {
  const preflight = (origin: string) =>
    fetch(gateway.url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
  const listed = await preflight('https://teach.example.org');
  expect(listed.status).toBe(204);
  expect(listed.headers.get('access-control-allow-origin')).toBe('https://teach.example.org');
  expect(listed.headers.get('access-control-allow-credentials')).toBeNull();
  const other = await preflight('https://evil.example.org');
  expect(other.headers.get('access-control-allow-origin')).toBeNull();
});

test('several operations in one request are refused', async () => {
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ query: '{ __typename }' }, { query: '{ __typename }' }]),
  });
  expect(response.status).toBe(400);
});

test('a body that is no JSON map is refused as such, whatever answer the client asks for', async () => {
  for (const body of ['', '{', 'null', '"{ __typename }"', '7']) {
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const response = await fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept },
        body,
      });
      expect({ body, accept, status: response.status }).toEqual({ body, accept, status: 400 });
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    }
  }
});

test('a Host that is no address is refused, and the answer tells nothing of the inside', async () => {
  for (const host of ['a b/c', '[', '%', 'x:99999999']) {
    const answer = await askWithHost(host);
    expect({ host, ...answer }).toEqual({ host, status: 400, text: '' });
  }
});

test('GraphiQL loads nothing from other hosts', async () => {
  const response = await fetch(gateway.url, { headers: { accept: 'text/html' } });
  expect(response.status).toBe(200);
  const page = await response.text();
  // The browser is told to refuse everything that is not this origin.
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("connect-src 'self'");
  expect(policy).not.toMatch(/https?:|\*/);
  // And the page asks for nothing else: outside its inlined scripts and styles no element names an address.
  const markup = page.replace(/<script>[\s\S]*<\/script>/g, '').replace(/<style>[\s\S]*?<\/style>/g, '');
  expect(markup).not.toMatch(/(?:src|href)\s*=\s*["']?\s*(?:https?:)?\/\//i);
  expect(markup.match(/<(?:script|link|img|iframe)[^>]*(?:src|href)=["'](?!data:)/gi)).toBeNull();
  const styles = page.match(/<style>[\s\S]*?<\/style>/)?.[0] ?? '';
  expect(styles).not.toMatch(/@import|url\(\s*["']?(?:https?:)?\/\//i);
  expect(page).toContain('"subscriptionsProtocol":"WS"');
});

test('the introspection that tools send is answered within the default limits', async () => {
  const options = {
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
  };
  const { data, errors } = await gateway.ask(getIntrospectionQuery(options));
  expect(errors).toBeUndefined();
  const { types } = (data as { __schema: { types: { name: string }[] } }).__schema;
  expect(types.map(({ name }) => name)).toContain('Book');
  expect(types.map(({ name }) => name).filter((name) => name.startsWith('join__') || name === '_Entity')).toEqual([]);
});

test('a developer is known on a socket by the headers that GraphiQL sends with each operation', async () => {
  const token = await gateway.token({ viewerId: '01890000-0000-7000-8000-000000000001' });
  const socket = await openSocket(gateway.url);
  await eventually(() => socket.messages.length === 1);
  const extensions = { headers: { Authorization: `Bearer ${token}` } };
  socket.send({ id: '1', type: 'subscribe', payload: { query: '{ seen { viewerId } }', extensions } });
  const answer = await socket.answerTo('1');
  expect(answer.payload).toEqual({ data: { seen: { viewerId: '01890000-0000-7000-8000-000000000001' } } });
  socket.close();
});

test('the gateway is ready once keys and subgraphs have answered, and shows its metrics', async () => {
  const health = async () => (await fetch(`${gateway.origin}/health/ready`)).json();
  await expect.poll(health).toMatchObject({ status: 'ready', checks: { keys: 'ok', subgraphs: 'ok' } });
  await gateway.ask('query Anything { book(id: "b1") { title } }');
  await gateway.ask('query Anything { book(id: "b1") { title } }');
  const metrics = await (await fetch(`${gateway.origin}/metrics`)).text();
  expect(metrics).toMatch(/lyceum_gateway_plan_lookups_total\{result="hit".*\} [1-9]/);
  expect(metrics).toMatch(/lyceum_gateway_subgraph_seconds_count\{.*subgraph="library"/);
  expect(metrics).toContain('operation="other"');
  expect(metrics).not.toContain('Anything');
});

test('drain finishes what is in flight', async () => {
  const draining = await openGateway();
  const socket = await openSocket(draining.url);
  await eventually(() => socket.messages.length === 1);
  socket.send({ id: 'live', type: 'subscribe', payload: { query: 'subscription { reviewAdded { stars } }' } });
  socket.send({ id: 'slow', type: 'subscribe', payload: { query: '{ later: slow }' } });
  const slow = draining.ask('{ slow }');
  await eventually(() => draining.subgraphs.calls.length === 2 && draining.subgraphs.subscribers === 1);

  const drained = draining.drain();
  await eventually(async () => {
    await expect(graphClient(draining.url).request('{ __typename }')).rejects.toThrow();
  });
  draining.subgraphs.release();
  expect((await slow).data).toEqual({ slow: 'at last' });
  expect(await socket.closed).toMatchObject({ code: 1012 });
  expect(socket.messages).toContainEqual({ id: 'slow', type: 'next', payload: { data: { later: 'at last' } } });
  await drained;
  await draining.close();
});

test('drain waits for no connection that has asked nothing', async () => {
  const draining = await openGateway();
  const { port, hostname } = new URL(draining.origin);
  const silent = connect(Number(port), hostname);
  const closed = once(silent, 'close');
  await once(silent, 'connect');
  await draining.ask('{ __typename }');
  const began = performance.now();
  await draining.drain();
  await closed;
  // The lifecycle of the harness gives up after 5 s.
  expect(performance.now() - began).toBeLessThan(4_000);
  await draining.close();
});

/** `fetch` lets nobody choose the Host header. */
function askWithHost(host: string): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { host, 'content-type': 'application/json' };
    const asking = request(gateway.url, { method: 'POST', headers }, async (response) => {
      resolve({ status: response.statusCode, text: (await response.setEncoding('utf8').toArray()).join('') });
    });
    asking.on('error', reject);
    asking.end('{"query":"{ __typename }"}');
  });
}
