/**
 * Answers that are shared among callers never cross from one viewer, session or forwarded header to another.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@lyceum/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGateway, type TestGateway } from './harness.ts';

/** Both kinds of sharing: of whole operations here, of single fetches by default. */
const POLICY = `
deduplication: { operations: true }
subgraphs: { deduplicate: true, propagateHeaders: [x-region] }
`;

let gateway: TestGateway;
let tokens: (string | undefined)[];
const owners = new Map<string | undefined, string | null>();
beforeAll(async () => {
  gateway = await openGateway(POLICY);
  const [ada, ben] = [randomUUID(), randomUUID()];
  // Two sessions of one viewer, one of another, and nobody.
  const viewers = [ada, ada, ben];
  tokens = [...(await Promise.all(viewers.map((viewerId) => gateway.token({ viewerId })))), undefined];
  for (const [index, token] of tokens.entries()) owners.set(token, viewers[index] ?? null);
});
afterAll(() => gateway.close());

interface Caller {
  readonly token: number;
  readonly region: string | undefined;
  readonly person: string;
  readonly operation: number;
}

const OPERATIONS = [
  'query ($id: ID!) { person(id: $id) { id } seen { viewerId requestId } }',
  'query ($id: ID!) { seen { requestId viewerId } person(id: $id) { id } }',
  'query ($id: ID!) { person(id: $id) { id name } seen { viewerId requestId } book(id: "b1") { author { name } } }',
];
const caller = fc.record<Caller>({
  token: fc.nat(3),
  region: fc.constantFrom(undefined, 'eu', 'us'),
  person: fc.constantFrom('p1', 'p2'),
  operation: fc.nat(OPERATIONS.length - 1),
});

test('two callers with different tokens or forwarded headers never share an answer', async () => {
  let shared = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(caller, { minLength: 2, maxLength: 40 }), async (callers) => {
      const asked = new Map<string, Caller>();
      const answers = await Promise.all(
        callers.map(async (one) => {
          const requestId = randomUUID();
          asked.set(requestId, one);
          const headers = { 'x-request-id': requestId, ...(one.region && { 'x-region': one.region }) };
          const token = tokens[one.token];
          const variables = { id: one.person };
          const { data, errors } = await gateway.ask(OPERATIONS[one.operation] ?? '', { variables, headers, token });
          expect(errors).toBeUndefined();
          return { one, requestId, token, data: data as unknown as Answered };
        }),
      );
      for (const { one, requestId, token, data } of answers) {
        expect(data.seen.viewerId).toBe(owners.get(token));
        expect(data.person.id).toBe(one.person);
        // The id of the request that the subgraph saw says whose run it was.
        const leader = asked.get(data.seen.requestId);
        expect(leader).toMatchObject({ token: one.token, region: one.region });
        if (data.seen.requestId !== requestId) shared += 1;
      }
    }),
    { numRuns: 60, seed: 20261121 },
  );
  // Otherwise this test would say nothing.
  expect(shared).toBeGreaterThan(0);
});

interface Answered {
  readonly seen: { readonly viewerId: string | null; readonly requestId: string };
  readonly person: { readonly id: string };
}

test('a caller who hangs up costs the others nothing', async () => {
  const hangUp = new AbortController();
  const before = gateway.subgraphs.calls.length;
  const body = JSON.stringify({ query: '{ slow }' });
  const headers = { 'content-type': 'application/json' };
  const shared = await sharedOperations();
  const left = fetch(gateway.url, { method: 'POST', headers, body, signal: hangUp.signal });
  await eventually(() => gateway.subgraphs.calls.length === before + 1);
  const stays = fetch(gateway.url, { method: 'POST', headers, body });
  await eventually(async () => (await sharedOperations()) === shared + 1);
  hangUp.abort();
  await expect(left).rejects.toThrow();
  gateway.subgraphs.release();
  expect(await (await stays).json()).toEqual({ data: { slow: 'at last' } });
  expect(gateway.subgraphs.calls.filter((call) => call === 'people.slow')).toHaveLength(1);
});

async function sharedOperations(): Promise<number> {
  const metrics = await (await fetch(`${gateway.origin}/metrics`)).text();
  return Number(/^lyceum_gateway_shared_operations_total\{.*\} (\d+)/m.exec(metrics)?.[1]);
}
