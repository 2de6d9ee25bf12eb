/**
 * The outbox relay in real worker processes, against a real Redis that goes away and comes back.
 */
import { AiJobUpdated } from '@lyceum/contracts';
import { newId, newIdBeside, openDeadLetters, readDatabaseUrls } from '@lyceum/database';
import { freePort } from '@lyceum/local-stack';
import { createLogger } from '@lyceum/service-kit';
import { cuttable, eventually, startService } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from './bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
});

/** Commits one event per number, one transaction after the other. */
async function commitEvents(jobId: string, numbers: readonly number[]): Promise<void> {
  for (const attempt of numbers) {
    await bench.database.session(null).transaction(jobId, async (tx) => {
      const learnerId = jobId;
      await tx.outbox.add(AiJobUpdated, {
        jobId,
        learnerId,
        state: 'RUNNING',
        attempt,
        percentage: 0,
        tokenDelta: null,
      });
    });
  }
}

const attemptsOf = async (jobId: string) => (await bench.events(jobId)).map(({ payload }) => payload.attempt);
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);

test('a committed event is published although Redis was away', async () => {
  await using redis = await cuttable(bench.env.REDIS_URL!);
  const worker = await startService('worker', { ...bench.env, REDIS_URL: redis.url });
  try {
    const jobId = newId(7);
    await commitEvents(jobId, [1]);
    await eventually(async () => expect(await attemptsOf(jobId)).toEqual([1]));

    await redis.cut();
    await commitEvents(jobId, [2, 3, 4]);
    expect(await attemptsOf(jobId)).toEqual([1]);
    await redis.mend();
    await eventually(async () => expect(new Set(await attemptsOf(jobId))).toEqual(new Set([1, 2, 3, 4])));
    const firsts = [...new Set(await attemptsOf(jobId))];
    expect(firsts).toEqual([1, 2, 3, 4]);
  } finally {
    await worker.stop();
  }
});

test('a job accepted while Redis was away is queued and run once it is back', async () => {
  await using redis = await cuttable(bench.env.REDIS_URL!);
  const model = await startService('embedded-model', bench.env);
  const env = { ...bench.env, REDIS_URL: redis.url, MODEL_EMBEDDED_URL: model.url };
  const worker = await startService('worker', env);
  try {
    await redis.cut();
    const { id } = await bench.accept();
    await redis.mend();
    await bench.untilState(id, 'SUCCEEDED', 30_000);
  } finally {
    await Promise.all([worker.stop(), model.stop()]);
  }
});

test('a worker that started while Redis was away runs jobs once it is back', async () => {
  await using redis = await cuttable(bench.env.REDIS_URL!);
  const model = await startService('embedded-model', bench.env);
  await redis.cut();
  const port = await freePort();
  const env = { ...bench.env, REDIS_URL: redis.url, MODEL_EMBEDDED_URL: model.url };
  const starting = startService('worker', env, { port });
  try {
    await eventually(async () => (await fetch(`http://127.0.0.1:${port}/health/live`)).ok, { timeoutMs: 45_000 });
    await redis.mend();
    await starting;
    const { id } = await bench.accept();
    await bench.untilState(id, 'SUCCEEDED', 20_000);
  } finally {
    await Promise.all([starting.then((worker) => worker.stop()), model.stop()]);
  }
}, 120_000);

test('events of one key arrive in the order of their commits, with two workers relaying', async () => {
  const workers = await Promise.all([startService('worker', bench.env), startService('worker', bench.env)]);
  try {
    const count = 60;
    // Both shards, several keys at once.
    const keys = [3, 4, 5, 3_000, 3_001].map((bucket) => newId(bucket));
    await Promise.all(keys.map((key) => commitEvents(key, upTo(count))));
    for (const key of keys) {
      await eventually(async () => expect(await attemptsOf(key)).toHaveLength(count));
      expect(await attemptsOf(key)).toEqual(upTo(count));
      const ids = (await bench.events(key)).map(({ id }) => id);
      expect(new Set(ids).size).toBe(count);
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
});

test('a message that Redis refuses goes to the dead letters, holds up its own key only, and can be replayed', async () => {
  const worker = await startService('worker', bench.env);
  const urls = readDatabaseUrls(bench.tenant.env, 'ai', ['s1', 's2']);
  const letters = openDeadLetters({ domain: 'ai', urls, log: createLogger('test', { level: 'silent' }) });
  try {
    const poisoned = newId(11);
    const healthy = newIdBeside(poisoned);
    const stream = bench.keys.liveStream(AiJobUpdated.name, poisoned);
    // A key of another type: every XADD to it is refused.
    await bench.redis.set(stream, 'not a stream');
    await commitEvents(poisoned, [1]);
    await commitEvents(healthy, [1, 2, 3]);
    await eventually(async () => expect(await attemptsOf(healthy)).toEqual([1, 2, 3]));
    expect(await letters.list(10)).toEqual([]);

    // Eight tries with growing pauses.
    const letter = await eventually(
      async () => {
        const [found] = await letters.list(10);
        expect(found).toMatchObject({ shard: 's1', key: poisoned, payload: { attempt: 1 }, tries: 8 });
        return found!;
      },
      { timeoutMs: 40_000 },
    );
    expect(letter.reason).toMatch(/WRONGTYPE/);
    const metrics = await (await fetch(`${worker.url}/metrics`)).text();
    expect(metrics).toMatch(/outbox_dead_letters_total\{[^}]*shard="s1"[^}]*\} 1/);
    expect(metrics).toMatch(/outbox_dead_letters\{[^}]*shard="s1"[^}]*\} 1/);
    expect(metrics).toMatch(/outbox_waiting\{[^}]*shard="s1"[^}]*\} 0/);
    expect(metrics).toMatch(/outbox_oldest_seconds\{[^}]*shard="s2"[^}]*\} 0/);

    await bench.redis.del(stream);
    await commitEvents(poisoned, [2]);
    await eventually(async () => expect(await attemptsOf(poisoned)).toEqual([2]));
    await letters.replay(letter.id);
    await eventually(async () => expect(await attemptsOf(poisoned)).toEqual([2, 1]));
    expect((await bench.events(poisoned)).at(-1)!.id).toBe(letter.id);
    expect(await attemptsOf(healthy)).toEqual([1, 2, 3]);
  } finally {
    await Promise.all([worker.stop(), letters.close()]);
  }
}, 90_000);
