import { randomUUID } from 'node:crypto';
import { AiJobUpdated, type EventEnvelope, type InternalClaims } from '@lyceum/contracts';
import { expect, test } from 'vitest';
import { filterEvents } from '../src/index.ts';
import { anonymous, collect, learner, openSubgraph, type TestContext, tokenOf } from './harness.ts';
import { useRedis } from './topics.ts';

const patient = { timeout: 15_000 };
const redis = useRedis();

test('a subscriber from now hears what is published from the call on, in order', async () => {
  const { publish, listen } = await redis.openTopics();
  await publish(1);
  const { heard, opened } = await listen();
  await opened();
  for (const percentage of [2, 3, 4]) await publish(percentage);
  await expect.poll(heard).toEqual([2, 3, 4]);
});

test('a subscriber from the start hears all that the stream holds, more than one batch of it', async () => {
  const { publish, listen } = await redis.openTopics();
  const numbers = Array.from({ length: 250 }, (_, index) => index % 100);
  for (const percentage of numbers) await publish(percentage);
  const { heard } = await listen({ from: 'start' });
  await expect.poll(heard).toEqual(numbers);
});

test('an event that the relay published twice is heard once', async () => {
  const { publish, listen } = await redis.openTopics();
  const id = randomUUID();
  for (const [percentage, own] of [
    [1, id],
    [1, id],
    [2, randomUUID()],
  ] as const)
    await publish(percentage, { id: own });
  const { heard } = await listen({ from: 'start' });
  await expect.poll(heard).toEqual([1, 2]);
});

test('a subscriber that is seen listening knows its place: nothing published from then on is missed', async () => {
  const { topics, jobId, writer, stream, publish, reader } = await redis.openTopics();
  const subscribers = async () => Number(((await writer.pubsub('NUMSUB', stream)) as [string, number])[1]);
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const xrevrange = reader.xrevrange.bind(reader) as (...args: unknown[]) => Promise<never>;
  reader.xrevrange = async (...args: unknown[]) => {
    asked.resolve();
    await gate.promise;
    return xrevrange(...args);
  };
  const next = topics.subscribe(AiJobUpdated, jobId).next();
  await asked.promise;
  expect(await subscribers()).toBe(0);
  gate.resolve();
  await expect.poll(subscribers).toBe(1);
  await publish(7);
  expect((await next).value?.payload.percentage).toBe(7);
});

test('an event published while Redis restarts reaches a live subscriber', async () => {
  const { publish, listen } = await redis.openTopics();
  const { heard, opened } = await listen();
  await opened();
  await publish(1);
  await expect.poll(heard).toEqual([1]);
  await redis.stop();
  const relay = publishUntilDone(() => publish(2));
  await redis.start();
  await relay;
  await publishUntilDone(() => publish(3));
  await expect.poll(heard, patient).toEqual([1, 2, 3]);
});

test('an event whose wake-up was lost arrives seconds later', async () => {
  const { publish, listen } = await redis.openTopics();
  const { heard, opened } = await listen();
  await opened();
  await publish(1, { silently: true });
  await expect.poll(heard, patient).toEqual([1]);
});

test('an entry that cannot be read is left out, and the next one arrives', async () => {
  const { publish, listen, stream, writer } = await redis.openTopics();
  await writer.xadd(stream, '*', 'e', 'not JSON');
  await publish(5);
  const { heard } = await listen({ from: 'start' });
  await expect.poll(heard).toEqual([5]);
});

test('a slow subscriber takes its events at its own pace and loses none', async () => {
  const { publish, topics, jobId } = await redis.openTopics();
  const iterator = topics.subscribe(AiJobUpdated, jobId, { from: 'start' });
  for (let percentage = 0; percentage < 300; percentage += 1) await publish(percentage % 100);
  const taken: number[] = [];
  while (taken.length < 300) {
    const step = await iterator.next();
    if (step.done !== true) taken.push(step.value.payload.percentage);
  }
  expect(taken).toEqual(Array.from({ length: 300 }, (_, index) => index % 100));
});

test('a subscriber that ends while it waits gives its Redis subscription back', async () => {
  const { topics, jobId, writer, stream } = await redis.openTopics();
  const subscribers = async () => Number(((await writer.pubsub('NUMSUB', stream)) as [string, number])[1]);
  const leaving = new AbortController();
  const [one, two] = [topics.subscribe(AiJobUpdated, jobId), topics.subscribe(AiJobUpdated, jobId, leaving)];
  const waiting = [one.next(), two.next()];
  await expect.poll(subscribers).toBe(1);
  await one.return?.();
  expect(await waiting[0]).toMatchObject({ done: true });
  expect(await subscribers()).toBe(1);
  leaving.abort();
  expect(await waiting[1]).toMatchObject({ done: true });
  await expect.poll(subscribers).toBe(0);
});

test('closing the topics ends every subscriber', async () => {
  const { topics, jobId } = await redis.openTopics();
  const next = topics.subscribe(AiJobUpdated, jobId).next();
  await topics.close();
  expect(await next).toMatchObject({ done: true });
});

test('an event reaches a GraphQL subscriber with the positions that its context must have read', async () => {
  const { topics, publish, jobId } = await redis.openTopics();
  const { connect } = await openSubgraph({
    typeDefs: 'type Query { ok: Boolean } type Subscription { job(id: ID!): String! }',
    resolvers: {
      Subscription: {
        job: {
          subscribe: (_: unknown, { id }: { id: string }, { signal }: TestContext) =>
            filterEvents(
              topics.subscribe(AiJobUpdated, id, { from: 'start', signal }),
              ({ payload }) => payload.percentage > 1,
            ),
          resolve: ({ payload }: EventEnvelope<{ percentage: number }>, _: unknown, { source }: TestContext) =>
            `${payload.percentage} ${source.envelope?.positions['ai/s1']}`,
        },
      },
    },
  });
  const extensions = { claims: await tokenOf() };
  const query = 'subscription ($id: ID!) { job(id: $id) }';
  const { results } = collect(connect(), { query, variables: { id: jobId }, extensions });
  for (const percentage of [1, 2, 3]) await publish(percentage);
  await expect.poll(() => results.map(({ data }) => data?.job)).toEqual(['2 0/2', '3 0/3']);
});

test('what a viewer is about to hear of is foretold, and of nobody in particular nothing', async () => {
  const { topics, publish, jobId } = await redis.openTopics();
  const { connect, foretold } = await openSubgraph({
    typeDefs: 'type Query { ok: Boolean } type Subscription { job(id: ID!): Int! }',
    resolvers: {
      Subscription: {
        job: {
          subscribe: (_: unknown, { id }: { id: string }, { signal }: TestContext) =>
            topics.subscribe(AiJobUpdated, id, { from: 'start', signal }),
          resolve: () => foretold.length,
        },
      },
    },
  });
  const own = learner();
  const follow = async (claims: InternalClaims) => {
    const extensions = { claims: await tokenOf(claims) };
    const payload = { query: 'subscription ($id: ID!) { job(id: $id) }', variables: { id: jobId }, extensions };
    const { results } = collect(connect(), payload);
    return () => results.map(({ data }) => data?.job);
  };
  await publish(1);
  await publish(2);
  await expect.poll(await follow(anonymous)).toEqual([0, 0]);
  await expect.poll(await follow(own)).toEqual([1, 2]);
  expect(foretold).toEqual(
    [1, 2].map((percentage) => ({ viewerId: own.viewer?.id, positions: { 'ai/s1': `0/${percentage}` } })),
  );
});

/** As the relay does: tries until Redis has taken it. */
async function publishUntilDone(publish: () => Promise<void>): Promise<void> {
  const published = () =>
    publish().then(
      () => true,
      () => false,
    );
  await expect.poll(published, patient).toBe(true);
}

test('who stands at the end of a stream gets the next event without reading it', async () => {
  const { publish, listen, writer } = await redis.openTopics();
  const { heard, opened } = await listen();
  await opened();
  await publish(1);
  await expect.poll(heard).toEqual([1]);
  const reads = async () => Number(/cmdstat_xrange:calls=(\d+)/.exec(await writer.info('commandstats'))?.[1] ?? 0);
  const before = await reads();
  for (let percentage = 2; percentage <= 20; percentage += 1) {
    await publish(percentage);
    await expect.poll(() => heard().at(-1), { interval: 1 }).toBe(percentage);
  }
  // A look now and then remains.
  expect((await reads()) - before).toBeLessThan(5);
});

test('a wake-up that does not follow what was read last is not taken for the next event', async () => {
  const { publish, listen } = await redis.openTopics();
  const { heard, opened } = await listen();
  await opened();
  await publish(1);
  await expect.poll(heard).toEqual([1]);
  await publish(2, { silently: true });
  await publish(3);
  await expect.poll(heard).toEqual([1, 2, 3]);
});
