/**
 * HTTP/2, which a subgraph without TLS must be known to speak: many fetches travel on one connection.
 */
import { once } from 'node:events';
import { createServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { eventually } from '@lyceum/testing';
import { expect, onTestFinished, test } from 'vitest';
import { openAsker } from './rig.ts';

async function openHttp2() {
  const sessions = new Set<Http2Session>();
  const streams: ServerHttp2Stream[] = [];
  const server = createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    streams.push(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`, sessions, streams };
}

function answer(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/json' });
  stream.end('{"data":{"a":1}}');
}

test('many fetches share one connection and are answered in any order', async () => {
  const { url, sessions, streams } = await openHttp2();
  const asker = openAsker({ http2: true, connections: 1, deduplicate: false });
  onTestFinished(() => asker.client.close());
  const asked = Array.from({ length: 20 }, () => asker.query(url));
  await eventually(() => streams.length === 20);
  for (const stream of streams.reverse()) answer(stream);
  expect(await Promise.all(asked)).toEqual(Array(20).fill({ data: { a: 1 } }));
  expect(sessions.size).toBe(1);
});

test('a fetch that is given up does not disturb the others on its connection', async () => {
  const { url, sessions, streams } = await openHttp2();
  const asker = openAsker({ http2: true, connections: 1, deduplicate: false });
  onTestFinished(() => asker.client.close());
  const leaving = new AbortController();
  const left = asker.query(url, { signal: leaving.signal });
  const stayed = asker.query(url);
  await eventually(() => streams.length === 2);
  leaving.abort();
  await expect(left).rejects.toMatchObject({ cause: { kind: 'gone' } });
  for (const stream of streams) if (!stream.destroyed) answer(stream);
  expect(await stayed).toEqual({ data: { a: 1 } });
  expect(sessions.size).toBe(1);
});

test('a mutation whose connection breaks is sent once', async () => {
  const { url, sessions, streams } = await openHttp2();
  const asker = openAsker({ http2: true });
  onTestFinished(() => asker.client.close());
  const asked = asker.mutate(url);
  await Promise.all([
    expect(asked).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' }),
    eventually(() => streams.length === 1).then(() => {
      for (const session of sessions) session.destroy();
    }),
  ]);
  expect(streams).toHaveLength(1);
});
