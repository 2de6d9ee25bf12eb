/**
 * A limit holds at every door: the same operation is refused with the same code by POST, GET, server-sent events and
 * WebSocket, before any subgraph is called. All doors share one pipeline; this is what shows that none has a way around it.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { codeOf, type DoorName, doors, everyDoor, type Params } from './doors.ts';
import { openGateway, type TestGateway } from './harness.ts';

const TRUSTED = '{ books { id title } }';
const POLICY = 'limits: { maxDepth: 5, maxCost: 50 }';

let directory: string;
let gateway: TestGateway;
/** Serves documents of the manifest alone. */
let strict: TestGateway;
/** Lets each caller run as many operations as there are doors. */
let counting: TestGateway;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lyceum-limits-'));
  const file = join(directory, 'operations.json');
  const operations = [{ id: 'trusted', body: TRUSTED }];
  await writeFile(file, JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations }));
  const more = { PERSISTED_OPERATIONS_FILE: file };
  [gateway, strict, counting] = await Promise.all([
    openGateway(POLICY, undefined, more),
    openGateway('persistedOperations: { only: true }', undefined, more),
    openGateway(`limits: { rate: { enabled: true, perMinute: 1, burst: ${everyDoor.length} } }`, undefined, more),
  ]);
});
afterAll(async () => {
  await Promise.all([gateway, strict, counting].map((opened) => opened.close()));
  await rm(directory, { recursive: true });
});
beforeEach(() => {
  for (const { subgraphs } of [gateway, strict, counting]) subgraphs.calls.length = 0;
});

/** What each door answers, one after the other. */
async function codesAt(at: TestGateway, params: Params, token?: string): Promise<Record<DoorName, string>> {
  const codes: [string, string][] = [];
  for (const [door, ask] of everyDoor) codes.push([door, codeOf(await ask(at, params, token))]);
  return Object.fromEntries(codes) as Record<DoorName, string>;
}

const everywhere = (code: string) => Object.fromEntries(everyDoor.map(([door]) => [door, code]));

function nothingWasAsked({ subgraphs }: TestGateway): void {
  expect(subgraphs.calls).toEqual([]);
  expect(subgraphs.subscribers).toBe(0);
}

const TOO_MUCH: Record<string, Params> = {
  'deep query': { query: '{ books { reviews { book { reviews { book { id } } } } } }' },
  'deep subscription': { query: 'subscription { reviewAdded { book { reviews { book { reviews { stars } } } } } }' },
  'costly query': { query: '{ books { id reviews { stars reviewer { name } } } }' },
  'costly subscription': {
    query: 'subscription { reviewAdded { book { reviews { stars reviewer { name } book { id title } } } } }',
  },
};

/** Refused before, for the door's sake. */
const NEEDS_A_STREAM = { POST: 'BAD_REQUEST', GET: 'BAD_REQUEST' };

for (const [kind, params] of Object.entries(TOO_MUCH)) {
  test(`a ${kind} is refused at every door`, async () => {
    expect(await codesAt(gateway, params)).toEqual(
      kind.endsWith('subscription')
        ? { ...everywhere('OPERATION_TOO_LARGE'), ...NEEDS_A_STREAM }
        : everywhere('OPERATION_TOO_LARGE'),
    );
    nothingWasAsked(gateway);
  });
}

test('what is within the limits is answered at every door', async () => {
  expect(await codesAt(gateway, { query: TRUSTED })).toEqual(everywhere('OK'));
  expect(gateway.subgraphs.calls).toHaveLength(everyDoor.length);
});

test('a document that is not registered is refused at every door where only registered ones are served', async () => {
  expect(await codesAt(strict, { query: '{ books { id } }' })).toEqual(everywhere('FORBIDDEN'));
  expect(await codesAt(strict, { query: 'subscription { reviewAdded { stars } }' })).toEqual(everywhere('FORBIDDEN'));
  expect(await codesAt(strict, { documentId: 'unknown' })).toEqual(everywhere('PERSISTED_QUERY_NOT_FOUND'));
  nothingWasAsked(strict);
  expect(await codesAt(strict, { documentId: 'trusted' })).toEqual(everywhere('OK'));
  expect(await codesAt(strict, { query: TRUSTED })).toEqual(everywhere('OK'));
});

test('an operation counts once by whatever door, and who has none left is refused at every door', async () => {
  const token = await counting.token();
  expect(await codesAt(counting, { query: '{ __typename }' }, token)).toEqual(everywhere('OK'));
  expect(await codesAt(counting, { query: TRUSTED }, token)).toEqual(everywhere('RATE_LIMITED'));
  expect(await codesAt(counting, { query: 'subscription { reviewAdded { stars } }' }, token)).toEqual(
    everywhere('RATE_LIMITED'),
  );
  nothingWasAsked(counting);
  expect(await doors.POST(counting, { query: '{ __typename }' }, await counting.token())).toHaveProperty('data');
});

test('who is not signed in is counted by address, which a header that nobody vouches for does not change', async () => {
  const ask = (address: string) =>
    counting.ask('{ __typename }', { headers: { 'x-forwarded-for': address, accept: 'application/json' } });
  for (let count = 0; count < everyDoor.length; count += 1)
    expect((await ask(`203.0.113.${count}`)).errors).toBeUndefined();
  const refused = await ask('203.0.113.9');
  expect(refused).toMatchObject({
    status: 429,
    errors: [{ extensions: { code: 'RATE_LIMITED', details: { retryAfterSeconds: expect.any(Number) } } }],
  });
  expect(codeOf(await doors['server-sent events by GET'](counting, { query: TRUSTED }))).toBe('RATE_LIMITED');
  const seconds = Number(refused.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(60);
});

test('a refusal says what to do, and not where the limit lies', async () => {
  const costly = await doors.POST(gateway, TOO_MUCH['costly query'] ?? {});
  expect(costly.errors?.[0]?.message).toMatch(/first/);
  expect(costly.errors?.[0]?.message).not.toMatch(/\d/);
});
