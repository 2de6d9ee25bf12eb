/**
 * Equal queries of one caller that are under way are sent once; nobody gets what another caller was answered.
 */
import { randomUUID } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { CLAIMS_HEADER, type Viewer } from '@lyceum/contracts';
import { verifyClaims } from '@lyceum/service-kit';
import { eventually } from '@lyceum/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CLAIMS_SECRET } from '../subgraphs.ts';
import { type Answer, type Asker, type FakeSubgraph, FINE, openAsker, openSubgraph } from './rig.ts';

const viewer = (roles: Viewer['roles'] = ['LEARNER']): Viewer => ({ id: randomUUID(), sessionId: randomUUID(), roles });

let subgraph: FakeSubgraph;
let asker: Asker;
/** Lets every request so far be answered. */
let release: () => void;
beforeEach(async () => {
  const held: (() => void)[] = [];
  const hold: Answer = (req, res, body) => void held.push(() => FINE(req, res, body));
  release = () => {
    for (const answer of held.splice(0)) answer();
  };
  subgraph = await openSubgraph(hold);
  asker = openAsker({ propagateHeaders: ['accept-language'] });
});
afterEach(async () => {
  subgraph.close();
  await asker.client.close();
});

test('equal queries of one caller are sent once, and each gets an answer of its own', async () => {
  const me = viewer();
  const asked = Array.from({ length: 5 }, () => asker.query(subgraph.url, { viewer: { ...me } }));
  await eventually(() => subgraph.requests.length > 0);
  release();
  const answers = await Promise.all(asked);
  expect(subgraph.requests).toHaveLength(1);
  expect(asker.told.shared).toBe(4);
  expect(answers).toEqual(Array(5).fill({ data: { a: 1 } }));
  (answers[0]!.data as Record<string, unknown>).a = 2;
  expect(answers[1]).toEqual({ data: { a: 1 } });
});

test('what differs in anything that can change the answer is sent by itself', async () => {
  const me = viewer();
  const asked = [
    asker.query(subgraph.url, { viewer: me }),
    asker.query(subgraph.url, { viewer: { ...me, sessionId: randomUUID() } }),
    asker.query(subgraph.url, { viewer: { ...me, roles: ['ADMIN'] } }),
    asker.query(subgraph.url, { viewer: viewer() }),
    asker.query(subgraph.url),
    asker.query(subgraph.url, { viewer: me, headers: { 'accept-language': 'pl' } }),
    asker.query(subgraph.url, { viewer: me, request: { query: '{ b }', kind: 'query' } }),
    asker.query(subgraph.url, { viewer: me, request: { query: '{ a }', variables: { v: 1 }, kind: 'query' } }),
  ];
  await eventually(() => subgraph.requests.length === asked.length);
  release();
  await Promise.all(asked);
  expect(asker.told.shared).toBe(0);
});

test('mutations are never shared', async () => {
  const asked = [asker.mutate(subgraph.url), asker.mutate(subgraph.url)];
  await eventually(() => subgraph.requests.length === 2);
  release();
  await Promise.all(asked);
});

test('a query after a mutation of the same caller does not wait for an answer from before it', async () => {
  const me = viewer();
  const before = asker.query(subgraph.url, { viewer: me });
  await eventually(() => subgraph.requests.length === 1);
  const hold = subgraph.answer;
  subgraph.answer = FINE;
  await asker.mutate(subgraph.url, { viewer: me });
  subgraph.answer = hold;
  const after = asker.query(subgraph.url, { viewer: me });
  await eventually(() => subgraph.requests.length === 3);
  release();
  await Promise.all([before, after]);
});

test('one who leaves does not take the answer from those who stay', async () => {
  const leaving = new AbortController();
  const [left, stayed] = [asker.query(subgraph.url, { signal: leaving.signal }), asker.query(subgraph.url)];
  await eventually(() => subgraph.requests.length === 1);
  leaving.abort();
  await expect(left).rejects.toMatchObject({ cause: { kind: 'gone' } });
  release();
  expect(await stayed).toEqual({ data: { a: 1 } });
});

test('sharing can be switched off', async () => {
  await asker.client.close();
  asker = openAsker({ deduplicate: false });
  const asked = [asker.query(subgraph.url), asker.query(subgraph.url)];
  await eventually(() => subgraph.requests.length === 2);
  release();
  await Promise.all(asked);
});

test('a request carries the caller, the request and the headers that the policy lets pass, and nothing else of the client', async () => {
  subgraph.answer = FINE;
  const me = viewer();
  const headers = { 'accept-language': 'pl', cookie: 'secret', 'x-other': '1' };
  await asker.query(subgraph.url, { viewer: me, headers, requestId: 'first' });
  await asker.query(subgraph.url, { viewer: me, headers, requestId: 'second' });
  const [first, second] = subgraph.requests.map(({ headers: sent }) => sent);
  expect(first).toMatchObject({ 'accept-language': 'pl', 'x-request-id': 'first' });
  expect(first).not.toHaveProperty('cookie');
  expect(first).not.toHaveProperty('x-other');
  for (const sent of [first!, second!]) {
    const requestId = String(sent['x-request-id']);
    expect(await verifyClaims(String(sent[CLAIMS_HEADER]), CLAIMS_SECRET, 'subgraph', { requestId })).toEqual({
      viewer: me,
      requestId,
    });
  }
});

test('large requests are compressed for the subgraphs that take it, and answers are decompressed', async () => {
  await asker.client.close();
  asker = openAsker({ compression: { minRequestBytes: 1_000, requestsTo: ['s'] } });
  subgraph.answer = (_req, res) =>
    res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"data":{"a":"é"}}'));
  const query = `{ a } # ${'x'.repeat(2_000)}`;
  expect(await asker.query(subgraph.url, { request: { query, kind: 'query' } })).toEqual({ data: { a: 'é' } });
  await asker.query(subgraph.url);
  const [large, small] = subgraph.requests;
  expect(large?.headers['content-encoding']).toBe('gzip');
  expect(JSON.parse(gunzipSync(large!.body).toString()).query).toBe(query);
  expect(small?.headers['content-encoding']).toBeUndefined();
});
