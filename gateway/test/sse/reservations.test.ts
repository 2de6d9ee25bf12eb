/**
 * Whose a reserved stream is, and for how long.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@lyceum/testing';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { openEventStream } from '../event-streams.ts';
import { openGateway, type TestGateway } from '../harness.ts';
import { acknowledgedSocket } from '../sockets.ts';
import { bearer, EVERY } from '../transports.ts';
import { reserve, TOKEN } from './rig.ts';

const ORIGIN = 'https://learn.example.org';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway(`
cors: { origins: ['${ORIGIN}'] }
limits: { webSocket: { maxSocketsPerUser: 3, initialisationMs: 2000 } }
`);
});
afterAll(() => gateway.close());

const followers = () => gateway.subgraphs.ticks.followers;
/** Whatever a test has opened is closed by then. */
beforeEach(() => expect.poll(followers).toBe(0));

test('a stream is for who reserved it: to others it does not exist; the ticket alone opens it', async () => {
  const [viewerId, sessionId] = [randomUUID(), randomUUID()];
  const own = bearer(await gateway.token({ viewerId, sessionId }));
  const { token, run, end, open } = await reserve(gateway, own);
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
  const [first, second] = [await reserve(gateway, bearer(token)), await reserve(gateway, bearer(token))];
  const refused = await fetch(gateway.url, { method: 'PUT', headers: bearer(token) });
  expect(refused.status).toBe(429);
  expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
  const stream = await second.open();
  stream.close();
  await eventually(async () => (await reserve(gateway, bearer(token))).status === 201);
  // Who comes back with a token has lost that stream.
  const instead = await fetch(gateway.url, { method: 'PUT', headers: { ...bearer(token), [TOKEN]: first.token } });
  expect(instead.status).toBe(201);
  expect((await first.open()).status).toBe(404);
  socket.close();
});

test('a reservation that is not used in time is gone, with what was asked of it', async () => {
  const { run, open } = await reserve(gateway);
  await run('1', EVERY);
  await expect.poll(followers).toBe(1);
  await expect.poll(followers, { timeout: 5_000 }).toBe(0);
  expect((await open()).status).toBe(404);
});

test('a stream is broken off when the token of who reserved it expires', async () => {
  const { run, open } = await reserve(gateway, bearer(await gateway.token({ expiresInSeconds: 1 })));
  const stream = await open();
  await run('1', EVERY);
  expect(await stream.over).toBe('broken off');
  await expect.poll(followers).toBe(0);
  expect(stream.of('1')).toEqual([]);
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
