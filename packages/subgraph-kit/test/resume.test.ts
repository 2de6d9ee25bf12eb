/**
 * Subscribers that come back with a cursor: over a real socket to a subgraph, from a real Redis.
 */
import { AiJobUpdated, type EventEnvelope, type InternalClaims } from '@lyceum/contracts';
import { expect, onTestFinished, test, vi } from 'vitest';
import { filterEvents } from '../src/index.ts';
import { collect, learner, openSubgraph, type Result, type TestContext, tokenOf } from './harness.ts';
import { useRedis } from './topics.ts';

const redis = useRedis();

/** A subgraph whose `job` follows the topic, and shows what is no failure. */
async function openResumable() {
  const topic = await redis.openTopics();
  const subgraph = await openSubgraph({
    typeDefs: 'type Query { ok: Boolean } type Subscription { job(id: ID!): Int! }',
    resolvers: {
      Subscription: {
        job: {
          subscribe: (_: unknown, { id }: { id: string }, { resume, signal }: TestContext) =>
            filterEvents(
              topic.topics.subscribe(AiJobUpdated, id, { resume, signal }),
              ({ payload }) => payload.percentage < 50,
            ),
          resolve: ({ payload }: EventEnvelope<{ percentage: number }>) => payload.percentage,
        },
      },
    },
  });
  const client = subgraph.connect();
  async function follow(cursor: unknown, { claims = learner(), id = topic.jobId }: Asked = {}) {
    const query = 'subscription ($id: ID!) { job(id: $id) }';
    const extensions = { claims: await tokenOf(claims), cursor };
    const state = collect(client, { query, variables: { id }, extensions });
    const numbers = () => state.results.flatMap(({ data }) => (data ? [data.job] : []));
    const code = () => ((state.failure as Result['errors']) ?? state.results[0]?.errors)?.[0]?.extensions.code;
    return { ...state, numbers, code, cursorAt: (at: number) => cursorOf(state.results[at]) };
  }
  /** A subscriber who has its first cursor, and then that of the event 1. */
  async function hearOne(claims: InternalClaims) {
    const first = await follow(null, { claims });
    await expect.poll(() => first.cursorAt(0)).toBeDefined();
    await topic.publish(1);
    await expect.poll(first.numbers).toEqual([1]);
    return first;
  }
  return { ...topic, follow, hearOne };
}

interface Asked {
  readonly claims?: InternalClaims;
  readonly id?: string;
}

const cursorOf = (result: unknown) => (result as { extensions?: { cursor?: string } } | undefined)?.extensions?.cursor;

test('a subscriber that comes back with the cursor of an event gets every event behind it, once and in order', async () => {
  const { publish, follow } = await openResumable();
  const claims = learner();
  const first = await follow(null, { claims });
  await expect.poll(() => first.results).toMatchObject([{ extensions: { cursor: expect.any(String) } }]);
  for (const percentage of [1, 2, 60, 3]) await publish(percentage);
  await expect.poll(first.numbers).toEqual([1, 2, 3]);
  first.stop();
  for (const percentage of [4, 5]) await publish(percentage);
  for (const [at, expected] of [
    [0, [1, 2, 3, 4, 5]],
    [1, [2, 3, 4, 5]],
    [3, [4, 5]],
  ] as const) {
    const again = await follow(first.cursorAt(at), { claims });
    await expect.poll(again.numbers).toEqual(expected);
    again.stop();
  }
});

test('a subscriber that loses its line before the first event of a topic misses none', async () => {
  const { publish, follow } = await openResumable();
  const claims = learner();
  const first = await follow(null, { claims });
  await expect.poll(() => first.cursorAt(0)).toBeDefined();
  first.stop();
  await publish(1);
  const again = await follow(first.cursorAt(0), { claims });
  await publish(2);
  await expect.poll(again.numbers).toEqual([1, 2]);
});

test('who does not ask for cursors gets events alone', async () => {
  const { publish, follow, untilOpened } = await openResumable();
  const plain = await follow(undefined);
  await untilOpened();
  await publish(1);
  await expect.poll(() => plain.results).toEqual([{ data: { job: 1 } }]);
});

test('an event that the relay published again after the cursor is not heard again', async () => {
  const { publish, follow } = await openResumable();
  const claims = learner();
  const first = await follow(null, { claims });
  await expect.poll(() => first.cursorAt(0)).toBeDefined();
  const id = crypto.randomUUID();
  await publish(1, { id });
  await expect.poll(first.numbers).toEqual([1]);
  first.stop();
  await publish(1, { id });
  await publish(2);
  const again = await follow(first.cursorAt(1), { claims });
  await expect.poll(again.numbers).toEqual([2]);
});

test('a cursor serves its own viewer and topic alone, and none can be made up', async () => {
  const { follow, hearOne, jobId } = await openResumable();
  const claims = learner();
  const first = await hearOne(claims);
  const cursor = first.cursorAt(1)!;
  const [place, asOf, code] = cursor.split('.');
  const asked: [unknown, Asked][] = [
    [cursor, { claims: learner() }],
    [cursor, { claims, id: jobId.replace(/.$/, (last) => (last === '0' ? '1' : '0')) }],
    [`0-0.${asOf}.${code}`, { claims }],
    [`${place}.${Number(asOf) + 1}.${code}`, { claims }],
    [`${place}.${asOf}.${'A'.repeat(22)}`, { claims }],
    ['', { claims }],
    [`${cursor}=`, { claims }],
    [7, { claims }],
  ];
  for (const [wrong, by] of asked) {
    const refused = await follow(wrong, by);
    await expect.poll(refused.code).toBe('BAD_USER_INPUT');
    expect(refused.numbers()).toEqual([]);
  }
});

test('events that are no longer kept are told as CURSOR_EXPIRED, never passed over', async () => {
  const { publish, follow, writer, stream } = await openResumable();
  const claims = learner();
  const first = await follow(null, { claims });
  await expect.poll(() => first.cursorAt(0)).toBeDefined();
  for (const percentage of [1, 2, 3]) await publish(percentage);
  await expect.poll(first.numbers).toEqual([1, 2, 3]);
  first.stop();
  await writer.xtrim(stream, 'MAXLEN', 1);
  for (const at of [0, 1, 2]) {
    const expired = await follow(first.cursorAt(at), { claims });
    await expect.poll(expired.code).toBe('CURSOR_EXPIRED');
    expect(expired.numbers()).toEqual([]);
  }
  const last = await follow(first.cursorAt(3), { claims });
  await publish(4);
  await expect.poll(last.numbers).toEqual([4]);
});

test('a stream that died of age after a quiet day is no gap, neither for who listens nor for who comes back', async () => {
  const { publish, follow, hearOne, writer, stream } = await openResumable();
  const claims = learner();
  const first = await hearOne(claims);
  await writer.del(stream);
  const again = await follow(first.cursorAt(1), { claims });
  await expect.poll(() => again.cursorAt(0)).toBeDefined();
  await publish(2);
  await expect.poll(first.numbers).toEqual([1, 2]);
  await expect.poll(again.numbers).toEqual([2]);
});

test('a cursor that is older than a stream lives is told as CURSOR_EXPIRED when its entry is gone', async () => {
  const { publish, follow, hearOne, writer, stream } = await openResumable();
  const claims = learner();
  const first = await hearOne(claims);
  first.stop();
  onTestFinished(() => void vi.useRealTimers());
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 60 * 60 * 1_000 });
  const held = await follow(first.cursorAt(1), { claims });
  await expect.poll(() => held.cursorAt(0)).toBeDefined();
  await writer.del(stream);
  for (const at of [0, 1]) {
    const expired = await follow(first.cursorAt(at), { claims });
    await expect.poll(expired.code).toBe('CURSOR_EXPIRED');
  }
  const fresh = await follow(held.cursorAt(0), { claims });
  await publish(2);
  await expect.poll(fresh.numbers).toEqual([2]);
});

test('a subscriber of an empty topic that is too slow for its first events is told', async () => {
  const { topics, jobId, publish, writer, stream, untilOpened } = await openResumable();
  const iterator = topics.subscribe(AiJobUpdated, jobId);
  await untilOpened();
  for (const percentage of [1, 2, 3]) await publish(percentage);
  await writer.xtrim(stream, 'MAXLEN', 1);
  await expect(iterator.next()).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
});

test('a subscriber that is so slow that events are trimmed away before it reads them is told', async () => {
  const { topics, jobId, publish, writer, stream } = await openResumable();
  const iterator = topics.subscribe(AiJobUpdated, jobId, { from: 'start' });
  await publish(1);
  expect((await iterator.next()).value?.payload.percentage).toBe(1);
  for (const percentage of [2, 3]) await publish(percentage);
  await writer.xtrim(stream, 'MAXLEN', 1);
  await expect(iterator.next()).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
});
