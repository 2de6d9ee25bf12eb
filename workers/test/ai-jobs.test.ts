/**
 * AI jobs in real worker processes, with the real embedded model.
 */
import { AiJobOutput } from '@lyceum/contracts';
import { newId } from '@lyceum/database';
import { eventually, sql, startService, startStack } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AiJobRepository } from '../src/processors/ai-job.repository.ts';
import { type Bench, LESSON, openBench } from './bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
});

const work = { model: 'embedded', usage: { promptTokens: 100, completionTokens: 20 } };
const output = AiJobOutput.parse({ kind: 'SUMMARY', text: 'Bees.', sentences: ['Bees.'] });

test('a job goes from queued over running and text to succeeded, in order, and is settled', async () => {
  await using stack = await startStack(bench.tenant, { only: ['embedded-model', 'worker'], env: bench.env });
  expect(stack.env.MODEL_EMBEDDED_URL).toBeDefined();
  const accepted = await bench.accept();
  const job = await bench.untilState(accepted.id, 'SUCCEEDED');

  const result = AiJobOutput.parse(job.output);
  if (result.kind !== 'QUIZ') throw new Error('not a quiz');
  expect(result.questions).toHaveLength(4);
  for (const { answer, source } of result.questions) {
    expect(LESSON).toContain(answer);
    expect(LESSON).toContain(source);
  }

  const events = await eventually(async () => {
    const all = await bench.events(job.id);
    expect(all.at(-1)?.payload.state).toBe('SUCCEEDED');
    return all;
  });
  const states = events.map(({ payload }) => (payload.tokenDelta === null ? payload.state : 'text'));
  expect(states.filter((state) => state !== 'text')).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
  expect(states.slice(0, 3)).toEqual(['QUEUED', 'RUNNING', 'text']);
  const text = events.map(({ payload }) => payload.tokenDelta ?? '').join('');
  expect(JSON.parse(text)).toMatchObject({ questions: result.questions });
  const percentages = events.map(({ payload }) => payload.percentage);
  expect(percentages).toEqual([...percentages].sort((a, b) => a - b));
  expect(percentages.at(-1)).toBe(100);
  expect(events.at(-1)!.positions).toHaveProperty(`ai/${bench.database.shardOf(job.id)}`);

  expect(job).toMatchObject({ attempt: 1, model: 'embedded', percentage: 100, failureCode: null });
  const spent = job.promptTokens! + job.completionTokens!;
  expect(await bench.budget(job.learnerId)).toEqual({ reserved: 0, spent });
  expect(spent).toBeLessThanOrEqual(accepted.reservedTokens);
});

test('a worker killed with SIGKILL in the middle of a job still ends in one result', async () => {
  const env = { ...bench.env, EMBEDDED_TOKENS_PER_SECOND: '150' };
  await using stack = await startStack(bench.tenant, { only: ['embedded-model', 'worker'], env });
  const { id } = await bench.accept({ questionCount: 8 });
  await eventually(async () => (await bench.events(id)).some(({ payload }) => payload.tokenDelta !== null));
  await stack.services.worker.kill('SIGKILL');
  expect(await bench.row(id)).toMatchObject({ state: 'RUNNING', attempt: 1, output: null });

  await stack.restart('worker');
  const job = await bench.untilState(id, 'SUCCEEDED', 45_000);
  expect(job.attempt).toBe(2);
  const events = await eventually(async () => {
    const all = await bench.events(id);
    expect(all.at(-1)?.payload.state).toBe('SUCCEEDED');
    return all;
  });
  expect(events.filter(({ payload }) => payload.state === 'SUCCEEDED')).toHaveLength(1);
  const second = events.filter(({ payload }) => payload.attempt === 2).map(({ payload }) => payload.tokenDelta ?? '');
  expect(JSON.parse(second.join(''))).toEqual({ questions: expect.any(Array) });
  const spent = job.promptTokens! + job.completionTokens!;
  expect(await bench.budget(job.learnerId)).toEqual({ reserved: 0, spent });
});

test('a worker told to stop ends the job it runs, and its end is published', async () => {
  const env = { ...bench.env, EMBEDDED_TOKENS_PER_SECOND: '400' };
  await using stack = await startStack(bench.tenant, { only: ['embedded-model', 'worker'], env });
  const { id } = await bench.accept();
  await eventually(async () => (await bench.events(id)).some(({ payload }) => payload.tokenDelta !== null));
  await stack.services.worker.kill('SIGTERM');
  expect(await stack.services.worker.exit).toEqual({ code: 0, signal: null });
  expect(await bench.row(id)).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
  expect((await bench.events(id)).at(-1)?.payload.state).toBe('SUCCEEDED');
});

test('a worker that must stop before its job ends leaves it to another', async () => {
  const env = { ...bench.env, EMBEDDED_TOKENS_PER_SECOND: '150', WORKER_DRAIN_MS: '100' };
  await using stack = await startStack(bench.tenant, { only: ['embedded-model', 'worker'], env });
  const { id } = await bench.accept({ questionCount: 8 });
  await eventually(async () => (await bench.events(id)).some(({ payload }) => payload.tokenDelta !== null));
  await stack.services.worker.kill('SIGTERM');
  expect(await bench.row(id)).toMatchObject({ state: 'RUNNING', attempt: 1 });
  await stack.restart('worker');
  expect(await bench.untilState(id, 'SUCCEEDED', 45_000)).toMatchObject({ attempt: 2 });
});

test('a late writer of an earlier attempt changes nothing', async () => {
  const jobs = new AiJobRepository(bench.database);
  const { id, learnerId } = await bench.accept({}, { enqueue: false });
  const first = await jobs.claim(id, 4);
  const second = await jobs.claim(id, 4);
  if (first.outcome !== 'claimed' || second.outcome !== 'claimed') throw new Error('not claimed');

  const before = { row: await bench.row(id), budget: await bench.budget(learnerId) };
  expect(await jobs.advance(first.fence, 50)).toBe(false);
  expect(await jobs.succeed(first.fence, output, work)).toBe(false);
  expect(await jobs.fail(first.fence, { code: 'INTERNAL', message: 'late' }, work)).toBe(false);
  await jobs.settleCancelled(first.fence, work);
  expect({ row: await bench.row(id), budget: await bench.budget(learnerId) }).toEqual(before);

  expect(await jobs.succeed(second.fence, output, work)).toBe(true);
  expect(await jobs.succeed(second.fence, output, work)).toBe(false);
  expect(await jobs.fail(second.fence, { code: 'INTERNAL', message: 'late' }, work)).toBe(false);
  expect(await bench.row(id)).toMatchObject({ state: 'SUCCEEDED', attempt: 2, completionTokens: 20 });
  expect(await bench.budget(learnerId)).toEqual({ reserved: 0, spent: 120 });
  expect(await jobs.claim(id, 4)).toEqual({ outcome: 'nothing-to-do' });
});

test('two claims at once get two different attempts', async () => {
  const jobs = new AiJobRepository(bench.database);
  const { id } = await bench.accept({}, { enqueue: false });
  const claims = await Promise.all([jobs.claim(id, 4), jobs.claim(id, 4), jobs.claim(id, 4)]);
  expect(claims.map((claim) => (claim.outcome === 'claimed' ? claim.fence.attempt : 0)).sort()).toEqual([1, 2, 3]);
});

test('a job whose attempts are used up is ended by the next claim, and its budget returned', async () => {
  const jobs = new AiJobRepository(bench.database);
  const { id, learnerId } = await bench.accept({}, { enqueue: false });
  await jobs.claim(id, 1);
  expect(await jobs.claim(id, 1)).toEqual({ outcome: 'exhausted' });
  expect(await bench.row(id)).toMatchObject({ state: 'FAILED', failureCode: 'INTERNAL', finishedAt: expect.any(Date) });
  expect(await bench.budget(learnerId)).toEqual({ reserved: 0, spent: 0 });
});

test('a model that stays down ends the job as FAILED with a code and releases the budget', async () => {
  const env = { ...bench.env, MODEL_EMBEDDED_URL: 'http://127.0.0.1:9', AI_JOB_MAX_ATTEMPTS: '2' };
  await using worker = await startWorker(env);
  expect(worker.exited).toBe(false);
  const { id, learnerId } = await bench.accept();
  const job = await bench.untilState(id, 'FAILED');
  expect(job).toMatchObject({ failureCode: 'MODEL_UNAVAILABLE', attempt: 2, output: null, completionTokens: null });
  expect(job.failureMessage).not.toContain('127.0.0.1');
  expect(await bench.budget(learnerId)).toEqual({ reserved: 0, spent: 0 });
  await eventually(async () => expect((await bench.events(id)).at(-1)?.payload.state).toBe('FAILED'));
});

test('a lesson that holds no question ends the job as FAILED, and what the model read is paid for', async () => {
  await using stack = await startStack(bench.tenant, { only: ['embedded-model', 'worker'], env: bench.env });
  expect(stack.services.worker.exited).toBe(false);
  const { id, learnerId } = await bench.accept({ lessonText: 'Watch the video.' });
  const job = await bench.untilState(id, 'FAILED');
  expect(job.failureCode).toBe('MODEL_OUTPUT_INVALID');
  expect(await bench.budget(learnerId)).toEqual({ reserved: 0, spent: job.promptTokens! + job.completionTokens! });
});

test('a queued job that its queue has lost is put back and run', async () => {
  const env = { ...bench.env, RECONCILE_EVERY_MS: '200', RECONCILE_AFTER_MS: '500' };
  await using stack = await startStack(bench.tenant, { only: ['embedded-model', 'worker'], env });
  expect(stack.services.worker.exited).toBe(false);
  const anHourAgo = new Date(Date.now() - 3_600_000);
  const { id } = await bench.accept({}, { enqueue: false, createdAt: anHourAgo });
  await bench.untilState(id, 'SUCCEEDED');
});

test('the reservation of a cancelled job whose worker died is returned', async () => {
  const jobs = new AiJobRepository(bench.database);
  const { id, learnerId } = await bench.accept({}, { enqueue: false });
  await jobs.claim(id, 4);
  await bench.database
    .session(null)
    .transaction(id, (tx) => tx.aiJob.update({ where: { id }, data: { state: 'CANCELLED' } }));
  const env = {
    ...bench.env,
    MODEL_EMBEDDED_URL: 'http://127.0.0.1:9',
    RECONCILE_EVERY_MS: '200',
    RECONCILE_AFTER_MS: '500',
  };
  await using worker = await startWorker(env);
  expect(worker.exited).toBe(false);
  await eventually(async () => expect(await bench.budget(learnerId)).toEqual({ reserved: 0, spent: 0 }));
  expect(await bench.row(id)).toMatchObject({ state: 'CANCELLED', reservedTokens: 0 });
});

async function startWorker(env: Record<string, string>) {
  const worker = await startService('worker', env);
  return { ...worker, exited: worker.exited, [Symbol.asyncDispose]: () => worker.stop() };
}

test('rows that a move of buckets has yet to clear away do not hide lost jobs', async () => {
  const url = (shard: string) => bench.tenant.databaseUrl('ai', shard);
  const { id } = await bench.accept({}, { enqueue: false, createdAt: new Date(4_096_000_000_007) });
  expect(bench.database.shardOf(id)).toBe('s1');
  await sql(url('s1'), "UPDATE ai_job SET updated_at = '2001-01-01Z' WHERE id = $1", [id]);
  // Copies of jobs that s2 serves.
  for (const copy of [newId(3_000), newId(3_000), newId(3_000)]) {
    await sql(
      url('s1'),
      `INSERT INTO ai_job (id, learner_id, kind, lesson_id, input, updated_at)
       VALUES ($1, $1, 'QUIZ', $1, '{}', '2000-01-01Z')`,
      [copy],
    );
  }
  for (const shard of ['s1', 's2']) {
    await sql(
      url(shard),
      `UPDATE shard_map SET version = version + 1, map = map || jsonb_build_object('version', version + 1,
         'residue', '[{"from": 3000, "to": 3000, "shard": "s1"}]'::jsonb)`,
    );
  }
  const jobs = new AiJobRepository(bench.database);
  expect(await jobs.findSilent(new Date('2002-01-01Z'), 2)).toEqual([id]);
});
