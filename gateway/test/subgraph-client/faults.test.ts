/**
 * What is no GraphQL answer: each fault of a subgraph's address ends in time, in one clear error.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Answer, type Asker, type FakeSubgraph, FINE, openAsker, openSubgraph } from './rig.ts';

const QUICK = {
  connections: 2,
  headersMs: 1_500,
  bodyMs: 1_500,
  totalMs: 10_000,
  maxResponseBytes: 1_000,
  deduplicate: false,
  retries: { max: 0 },
};
const unavailable = { code: 'SUBGRAPH_UNAVAILABLE' };

let subgraph: FakeSubgraph;
let asker: Asker;
beforeEach(async () => {
  subgraph = await openSubgraph();
  asker = openAsker(QUICK);
});
afterEach(async () => {
  subgraph.close();
  await asker.client.close();
});

const large = JSON.stringify({ data: { a: 'x'.repeat(2_000) } });
const faults: Record<string, [Answer, kind: string]> = {
  'says nothing': [() => {}, 'silent'],
  'begins and stops': [(_req, res) => res.write('{"data":'), 'stalled'],
  'hangs up': [(req) => req.socket.destroy(), 'reset'],
  'hangs up half-way': [(req, res) => res.write('{"data":', () => req.socket.destroy()), 'reset'],
  'sends a page': [(_req, res) => res.end('<html>Welcome</html>'), 'no-answer'],
  'is a proxy without a subgraph': [
    (_req, res) => res.writeHead(502).end('<html>Bad gateway</html>'),
    'gateway-status',
  ],
  'sends other JSON': [(_req, res) => res.end('{"hello":"world"}'), 'no-answer'],
  'announces too much': [(_req, res) => res.end(large), 'too-large'],
  'sends too much': [(_req, res) => res.write(large) && res.end(large), 'too-large'],
  'sends too much in little': [
    (_req, res) => res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(large)),
    'too-large',
  ],
  'sends what is not compressed as it says': [
    (_req, res) => res.writeHead(200, { 'content-encoding': 'br' }).end(gzipSync('{}')),
    'no-answer',
  ],
};
for (const [fault, [handler, kind]] of Object.entries(faults)) {
  test(`an address that ${fault} is an unavailable subgraph`, async () => {
    subgraph.answer = handler;
    await expect(asker.query(subgraph.url)).rejects.toMatchObject({ ...unavailable, cause: { kind } });
  });
}

test('an address where nobody listens is an unavailable subgraph', async () => {
  await expect(asker.query('http://127.0.0.1:1/graphql')).rejects.toMatchObject({
    ...unavailable,
    cause: { kind: 'connect' },
  });
});

test('an answer with errors counts whatever its status is', async () => {
  subgraph.answer = (_req, res) => res.writeHead(503).end('{"errors":[{"message":"no"}]}');
  expect(await asker.query(subgraph.url)).toEqual({ errors: [{ message: 'no' }] });
});

test('an answer that never ends is given up in time', async () => {
  await asker.client.close();
  asker = openAsker({ ...QUICK, totalMs: 300 });
  subgraph.answer = (_req, res) => {
    const drip = setInterval(() => res.write(' '), 20);
    res.on('close', () => clearInterval(drip));
  };
  const started = performance.now();
  await expect(asker.query(subgraph.url)).rejects.toMatchObject({ ...unavailable, cause: { kind: 'silent' } });
  expect(performance.now() - started).toBeLessThan(4_000);
});

test('connections are bounded and kept', async () => {
  const connections = new Set<unknown>();
  subgraph.answer = (req, res) => {
    connections.add(req.socket);
    setImmediate(() => res.end('{"data":{"a":1}}'));
  };
  await Promise.all(Array.from({ length: 20 }, () => asker.query(subgraph.url)));
  await asker.query(subgraph.url);
  expect(connections.size).toBe(2);
});

test('more fetches than may wait are refused at once', async () => {
  await asker.client.close();
  asker = openAsker({ ...QUICK, maxOutstanding: 3 });
  subgraph.answer = () => {};
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => asker.query(subgraph.url)));
  const kinds = outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.cause.kind);
  expect(kinds).toEqual(['silent', 'silent', 'silent', 'overloaded', 'overloaded']);
});

test('a fetch that nobody waits for any more is given up', async () => {
  const leaving = new AbortController();
  const arrived = new Promise<IncomingMessage>((resolve) => {
    subgraph.answer = resolve;
  });
  const pending = asker.query(subgraph.url, { signal: leaving.signal });
  const { socket } = await arrived;
  leaving.abort();
  await expect(pending).rejects.toMatchObject({ ...unavailable, cause: { kind: 'gone' } });
  if (!socket.destroyed) await once(socket, 'close');
  expect(asker.client.states()).toMatchObject([{ outstanding: 0 }]);
});

test('what waits for a connection and is given up is never sent', async () => {
  const leaving = new AbortController();
  subgraph.answer = () => {};
  const hanging = [asker.query(subgraph.url), asker.query(subgraph.url)];
  const waiting = asker.query(subgraph.url, { signal: leaving.signal });
  leaving.abort();
  await expect(waiting).rejects.toMatchObject({ cause: { kind: 'gone' } });
  await Promise.allSettled(hanging);
  subgraph.answer = FINE;
  await asker.query(subgraph.url);
  expect(subgraph.requests).toHaveLength(3);
});
