/**
 * Who is asking: at every door, with real tokens and keys.
 */
import { randomUUID } from 'node:crypto';
import { CLAIMS_HEADER } from '@lyceum/contracts';
import { signClaims } from '@lyceum/service-kit';
import { graphClient } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGateway, type TestGateway } from './harness.ts';
import { untilClosed } from './sockets.ts';
import { CLAIMS_SECRET } from './subgraphs.ts';

const SEEN = '{ seen { viewerId } }';
const UNAUTHENTICATED = { extensions: { code: 'UNAUTHENTICATED' } };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());

test('an anonymous request reaches subgraphs with signed anonymous claims', async () => {
  const { data } = await gateway.ask(SEEN);
  expect(data).toEqual({ seen: { viewerId: null } });
  expect(gateway.subgraphs.viewers.at(-1)).toBeNull();

  const unsigned = await graphClient(gateway.subgraphs.urls.people).request(SEEN);
  expect(unsigned.status).toBe(401);
  expect(unsigned.errors[0]).toMatchObject({ extensions: { code: 'CLAIMS_REQUIRED' } });
});

test('a token makes subgraphs see its viewer, over HTTP and over WebSocket', async () => {
  const viewerId = randomUUID();
  const token = await gateway.token({ viewerId });
  expect((await gateway.ask(SEEN, { token })).data).toEqual({ seen: { viewerId } });
  const socket = graphClient(gateway.url, { token }).subscribe(SEEN);
  expect((await socket.next()).value).toEqual({ seen: { viewerId } });
  await socket.return();
});

test('a forged token is refused', async () => {
  const before = gateway.subgraphs.calls.length;
  const token = await gateway.token({ forged: true });
  const { status, errors, data } = await gateway.ask(SEEN, { token });
  expect(status).toBe(401);
  expect(data).toBeUndefined();
  expect(errors?.[0]).toMatchObject(UNAUTHENTICATED);
  expect(await untilClosed(gateway.url, { authorization: `Bearer ${token}` })).toMatchObject({ code: 4403 });
  expect(gateway.subgraphs.calls.length).toBe(before);
});

test('a token that has expired, is cut short, or signs nothing is refused and never taken for anonymous', async () => {
  const token = await gateway.token();
  const [header, payload, signature] = token.split('.');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const bad = [
    await gateway.token({ expiresInSeconds: -60 }),
    `${header}.${payload}.`,
    `${none}.${payload}.`,
    `${none}.${payload}.${signature}`,
    token.slice(0, -8),
    '',
  ];
  for (const value of bad) {
    const { status, errors } = await gateway.ask(SEEN, { headers: { authorization: `Bearer ${value}` } });
    expect({ value, status, code: errors?.[0]?.extensions?.code }).toEqual({
      value,
      status: 401,
      code: 'UNAUTHENTICATED',
    });
  }
  const basic = await gateway.ask(SEEN, { headers: { authorization: 'Basic dXNlcjpwYXNz' } });
  expect(basic.status).toBe(401);
});

test('a forged internal claims header is refused', async () => {
  const viewer = { id: randomUUID(), sessionId: randomUUID(), roles: ['ADMIN' as const] };
  const claims = { requestId: 'r1', viewer };
  const forged = [
    await signClaims(claims, 'some other secret that is long enough', 'gateway'),
    // What the gateway signs for subgraphs opens no door of the gateway.
    await signClaims(claims, CLAIMS_SECRET, 'subgraph'),
    'nonsense',
  ];
  for (const token of forged) {
    const { status, errors } = await gateway.ask(SEEN, { headers: { [CLAIMS_HEADER]: token } });
    expect(status).toBe(401);
    expect(errors?.[0]).toMatchObject(UNAUTHENTICATED);
  }
});

test('a service of ours reads the graph as the viewer, under the id of the request it works for', async () => {
  const viewer = { id: randomUUID(), sessionId: randomUUID(), roles: ['LEARNER' as const] };
  const claims = await signClaims({ requestId: 'job-1', viewer }, CLAIMS_SECRET, 'gateway');
  const { data } = await gateway.ask('{ seen { viewerId requestId } }', { headers: { [CLAIMS_HEADER]: claims } });
  expect(data).toEqual({ seen: { viewerId: viewer.id, requestId: 'job-1' } });
});

test('a socket is closed with 4403 when its token expires', async () => {
  const token = await gateway.token({ expiresInSeconds: 1 });
  const { code, acknowledged } = await untilClosed(gateway.url, { authorization: `Bearer ${token}` });
  expect({ code, acknowledged }).toEqual({ code: 4403, acknowledged: true });
});
