/**
 * An address that fails again and again is left alone for a while; of several instances those that answer are asked.
 */
import { createMetrics } from '@lyceum/service-kit';
import { eventually } from '@lyceum/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchInstances } from '../../src/observability/subgraph-metrics.ts';
import { type Asker, type FakeSubgraph, FINE, openAsker, openSubgraph } from './rig.ts';

/** Takes a busy machine for no fault. */
const POLICY = {
  totalMs: 30_000,
  headersMs: 30_000,
  retries: { max: 0 },
  deduplicate: false,
  breaker: { failures: 5, openMs: 300 },
  healthChecks: { everyMs: 50, timeoutMs: 10_000 },
};

let opened: FakeSubgraph[];
let asker: Asker;
beforeEach(() => {
  opened = [];
  asker = openAsker(POLICY);
});
afterEach(async () => {
  for (const subgraph of opened) subgraph.close();
  await asker.client.close();
});

async function open(): Promise<FakeSubgraph> {
  const subgraph = await openSubgraph();
  opened.push(subgraph);
  return subgraph;
}
const kindOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    (error) => error.cause.kind as string,
  );
const breaker = () => asker.client.states()[0]?.breaker;

test('five failures in a row open the breaker, and nothing is sent while it is open', async () => {
  await asker.client.close();
  asker = openAsker({ ...POLICY, breaker: { failures: 5, openMs: 60_000 } });
  const subgraph = await open();
  subgraph.answer = (_req, res) => res.end('garbage');
  for (let n = 0; n < 4; n += 1) await kindOf(asker.query(subgraph.url));
  subgraph.answer = FINE;
  await asker.query(subgraph.url);
  subgraph.answer = (_req, res) => res.end('garbage');
  for (let n = 0; n < 5; n += 1) expect(await kindOf(asker.query(subgraph.url))).toBe('no-answer');
  expect(breaker()).toBe('open');
  const before = subgraph.requests.length;
  expect(await kindOf(asker.query(subgraph.url))).toBe('breaker-open');
  expect(await kindOf(asker.mutate(subgraph.url))).toBe('breaker-open');
  expect(subgraph.requests).toHaveLength(before);
});

test('operators see the state of each breaker in the metrics', async () => {
  const subgraph = await open();
  const metrics = createMetrics('test');
  watchInstances(metrics, asker.client);
  const state = async () =>
    /^lyceum_gateway_subgraph_breaker\{.*subgraph="s".*\} (\d)$/m.exec(await metrics.registry.metrics())?.[1];
  await asker.query(subgraph.url);
  expect(await state()).toBe('0');
  subgraph.answer = (_req, res) => res.end('garbage');
  for (let n = 0; n < 5; n += 1) await kindOf(asker.query(subgraph.url));
  expect(await state()).toBe('2');
});

test('after the pause one fetch tries, and its outcome decides', async () => {
  const subgraph = await open();
  subgraph.answer = (_req, res) => res.end('garbage');
  for (let n = 0; n < 5; n += 1) await kindOf(asker.query(subgraph.url));
  await eventually(async () => (await kindOf(asker.query(subgraph.url))) === 'no-answer');
  expect(breaker()).toBe('open');
  const before = subgraph.requests.length;
  subgraph.answer = (req, res, body) => void setTimeout(() => FINE(req, res, body), 100);
  await eventually(async () => {
    const kinds = await Promise.all(Array.from({ length: 10 }, () => kindOf(asker.query(subgraph.url))));
    if (kinds.every((kind) => kind === 'breaker-open')) return false;
    expect(kinds.filter((kind) => kind === 'answered')).toHaveLength(1);
    return true;
  });
  expect(subgraph.requests).toHaveLength(before + 1);
  expect(breaker()).toBe('closed');
  expect(await kindOf(asker.query(subgraph.url))).toBe('answered');
});

test('an address that a check finds answering is left alone no longer; one that it does not stays alone', async () => {
  await asker.client.close();
  asker = openAsker({ ...POLICY, breaker: { failures: 5, openMs: 60_000 } });
  const subgraph = await open();
  subgraph.answer = (_req, res) => res.end('garbage');
  for (let n = 0; n < 5; n += 1) await kindOf(asker.query(subgraph.url));
  expect(await asker.client.answers('s', subgraph.url)).toBe(false);
  expect(breaker()).toBe('open');
  subgraph.answer = FINE;
  expect(await asker.client.answers('s', subgraph.url)).toBe(true);
  expect(breaker()).toBe('closed');
  expect(await kindOf(asker.query(subgraph.url))).toBe('answered');
});

test('a trial is seen through though its caller leaves', async () => {
  const subgraph = await open();
  subgraph.answer = (_req, res) => res.end('garbage');
  for (let n = 0; n < 5; n += 1) await kindOf(asker.query(subgraph.url));
  const leaving = new AbortController();
  subgraph.answer = (req, res, body) => {
    leaving.abort();
    setTimeout(() => FINE(req, res, body), 150);
  };
  await eventually(async () => (await kindOf(asker.query(subgraph.url, { signal: leaving.signal }))) === 'gone');
  await eventually(() => breaker() === 'closed');
});

test('errors that a subgraph reports are no failures', async () => {
  const subgraph = await open();
  subgraph.answer = (_req, res) => res.end('{"errors":[{"message":"no"}]}');
  for (let n = 0; n < 10; n += 1) await asker.query(subgraph.url);
  expect(breaker()).toBe('closed');
});

test('callers that leave are no failures', async () => {
  const subgraph = await open();
  subgraph.answer = () => {};
  const all = Array.from({ length: 10 }, () => {
    const leaving = new AbortController();
    const asked = kindOf(asker.query(subgraph.url, { signal: leaving.signal }));
    leaving.abort();
    return asked;
  });
  expect(new Set(await Promise.all(all))).toEqual(new Set(['gone']));
  expect(breaker()).toBe('closed');
});

test('fetches go to the instance that has the fewest outstanding', async () => {
  await asker.client.close();
  asker = openAsker({ deduplicate: false, healthChecks: { everyMs: 60_000 } });
  const [slow, quick] = await Promise.all([open(), open()]);
  let release = () => {};
  slow.answer = (req, res, body) => {
    release = () => FINE(req, res, body);
  };
  const url = `${slow.url}, ${quick.url}`;
  const hanging = asker.query(url);
  const first = asker.query(url);
  await Promise.all([first, eventually(() => slow.requests.length === 1)]);
  for (let n = 0; n < 20; n += 1) await asker.query(url);
  release();
  await hanging;
  expect(slow.requests).toHaveLength(1);
  expect(quick.requests).toHaveLength(21);
});

test('an instance that does not answer is left out and taken back when it does', async () => {
  const [one, other] = await Promise.all([open(), open()]);
  const url = `${one.url},${other.url}`;
  await asker.query(url);
  one.answer = (req) => void req.socket.destroy();
  await eventually(() => asker.client.states().some(({ address, healthy }) => address === one.url && !healthy));
  for (let n = 0; n < 20; n += 1) expect(await kindOf(asker.query(url))).toBe('answered');
  one.answer = FINE;
  await eventually(() => asker.client.states().every(({ healthy, breaker }) => healthy && breaker === 'closed'));
  one.requests.length = 0;
  await eventually(async () => {
    await asker.query(url);
    return one.requests.some(({ body }) => !String(body).includes('__typename'));
  });
});

test('a query that fails at one instance is tried at another', async () => {
  await asker.client.close();
  asker = openAsker({ ...POLICY, retries: { max: 1, baseMs: 1 }, healthChecks: { everyMs: 60_000 } });
  const [dead, alive] = await Promise.all([open(), open()]);
  dead.answer = (req) => void req.socket.destroy();
  for (let n = 0; n < 10; n += 1) expect(await kindOf(asker.query(`${dead.url},${alive.url}`))).toBe('answered');
  expect(dead.requests.length).toBeGreaterThan(0);
});
