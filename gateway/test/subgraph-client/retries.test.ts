/**
 * A query may be sent again within bounds; a mutation is sent once, whatever happens.
 */
import { eventually } from '@lyceum/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Answer, type Asker, type FakeSubgraph, FINE, openAsker, openSubgraph } from './rig.ts';

/** Takes a busy machine for no fault. */
const PATIENT = { headersMs: 30_000, totalMs: 30_000, retries: { max: 2, baseMs: 1, maxMs: 5 }, deduplicate: false };
/** For subgraphs that say nothing. */
const QUICK = { ...PATIENT, headersMs: 100, totalMs: 10_000 };

let subgraph: FakeSubgraph;
let asker: Asker;
beforeEach(async () => {
  subgraph = await openSubgraph();
  asker = openAsker(PATIENT);
});
afterEach(async () => {
  subgraph.close();
  await asker.client.close();
});

/** From now on by this policy. */
async function ask(policy: Parameters<typeof openAsker>[0]): Promise<void> {
  await asker.client.close();
  asker = openAsker(policy);
}

/** Fails so many times, then answers. */
function failing(times: number, fault: Answer): Answer {
  let left = times;
  return (req, res, body) => {
    left -= 1;
    if (left >= 0) fault(req, res, body);
    else FINE(req, res, body);
  };
}

const faults: Record<string, [Answer, policy?: typeof PATIENT]> = {
  'breaks the connection': [(req) => req.socket.destroy()],
  'breaks off its answer': [(req, res) => res.write('{"data":', () => req.socket.destroy())],
  'is not there behind its proxy': [(_req, res) => res.writeHead(503).end('<html>')],
  'says nothing in time': [() => {}, QUICK],
};
for (const [fault, [answer, policy = PATIENT]] of Object.entries(faults)) {
  test(`a query to a subgraph that ${fault} is sent again`, async () => {
    await ask(policy);
    subgraph.answer = failing(2, answer);
    expect(await asker.query(subgraph.url)).toEqual({ data: { a: 1 } });
    expect(subgraph.requests).toHaveLength(3);
    expect(asker.told.retried).toBe(2);
  });

  test(`a mutation to a subgraph that ${fault} is sent once`, async () => {
    await ask(policy);
    subgraph.answer = failing(2, answer);
    await expect(asker.mutate(subgraph.url)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' });
    expect(subgraph.requests).toHaveLength(1);
  });
}

test('what is not known to be a query is sent once', async () => {
  subgraph.answer = failing(1, (req) => void req.socket.destroy());
  await expect(asker.query(subgraph.url, { request: { query: '{ a }' } })).rejects.toMatchObject({
    code: 'SUBGRAPH_UNAVAILABLE',
  });
  expect(subgraph.requests).toHaveLength(1);
});

test('an answer that another try would not change is not asked for again', async () => {
  subgraph.answer = (_req, res) => res.end('<html>');
  await expect(asker.query(subgraph.url)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' });
  expect(subgraph.requests).toHaveLength(1);
});

test('a query is given up after so many tries', async () => {
  subgraph.answer = (req) => void req.socket.destroy();
  await expect(asker.query(subgraph.url)).rejects.toMatchObject({ cause: { kind: 'reset' } });
  expect(subgraph.requests).toHaveLength(3);
});

test('further tries are a bounded share of all fetches', async () => {
  await ask({
    ...PATIENT,
    breaker: { failures: 1_000 },
    retries: { ...PATIENT.retries, budgetBurst: 5, budgetShare: 0.1 },
  });
  subgraph.answer = (req) => void req.socket.destroy();
  for (let n = 0; n < 50; n += 1) await asker.query(subgraph.url).catch(() => {});
  expect(subgraph.requests.length).toBeGreaterThan(55);
  expect(subgraph.requests.length).toBeLessThanOrEqual(60);
});

test('tries end when the time of the fetch is over', async () => {
  await ask({ ...QUICK, totalMs: 250, retries: { ...QUICK.retries, max: 5 } });
  subgraph.answer = () => {};
  const started = performance.now();
  await expect(asker.query(subgraph.url)).rejects.toMatchObject({ cause: { kind: 'silent' } });
  expect(performance.now() - started).toBeLessThan(5_000);
});

test('a query that takes longer than most is sent a second time, and the first answer counts', async () => {
  await ask({ ...PATIENT, hedging: { enabled: true, minMs: 3_000 } });
  for (let n = 0; n < 40; n += 1) await asker.query(subgraph.url);
  expect(asker.told.hedged).toBe(0);
  const slow = () => subgraph.requests.filter(({ body }) => body.includes('slow'));
  subgraph.answer = (req, res, body) => {
    if (slow().length !== 1 || !body.includes('slow')) FINE(req, res, body);
  };
  const answer = await asker.query(subgraph.url, { request: { query: '{ slow }', kind: 'query' } });
  expect(answer).toEqual({ data: { a: 1 } });
  expect(asker.told.hedged).toBe(1);
  expect(slow()).toHaveLength(2);
  await eventually(() => asker.client.states().every(({ outstanding }) => outstanding === 0));
});

test('a mutation that takes long is not sent a second time', async () => {
  await ask({ ...PATIENT, hedging: { enabled: true, minMs: 1 } });
  for (let n = 0; n < 40; n += 1) await asker.query(subgraph.url);
  // The second try of a query may still be on its way; it is none of the mutation's.
  const { hedged } = asker.told;
  subgraph.answer = (req, res, body) => void setTimeout(() => FINE(req, res, body), 100);
  await asker.mutate(subgraph.url);
  expect(asker.told.hedged).toBe(hedged);
  expect(subgraph.requests.filter(({ body }) => body.includes('mutation'))).toHaveLength(1);
});
