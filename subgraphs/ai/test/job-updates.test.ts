/**
 * Following a job: the whole story in order, ending with the job, whatever the stream has lost.
 */
import type { AiJobUpdated, PayloadOf } from '@lyceum/contracts';
import { AiJobUpdated as event } from '@lyceum/contracts';
import { expect, it } from 'vitest';
import { type Ai, generateQuiz, type JobOutcome, type Learner, openAi } from './ai.ts';

const follow = `subscription ($id: ID!) {
  aiJobUpdated(id: $id) { state percentage attempt tokenDelta job { id state percentage } }
}`;

interface Update {
  readonly aiJobUpdated: {
    readonly state: string;
    readonly percentage: number;
    readonly attempt: number;
    readonly tokenDelta: string | null;
    readonly job: { readonly id: string; readonly state: string; readonly percentage: number };
  };
}

async function begin(ai: Ai) {
  const learner = await ai.learner('s1');
  const input = { lessonId: ai.lesson().id };
  const { id } = (await learner.query<JobOutcome>(generateQuiz, { input })).outcome;
  const send = (change: Partial<PayloadOf<typeof AiJobUpdated>>) =>
    ai.publish({
      jobId: id,
      learnerId: learner.id,
      state: 'RUNNING',
      attempt: 1,
      percentage: 0,
      tokenDelta: null,
      ...change,
    });
  const setRow = (state: string, percentage: number) =>
    ai.sql('UPDATE ai_job SET state = $1, percentage = $2, attempt = 1', [state, percentage]);
  return { learner, id, send, setRow };
}

async function all(learner: Learner, id: string): Promise<Update['aiJobUpdated'][]> {
  const updates = [];
  for await (const { aiJobUpdated } of learner.subscribe<Update>(follow, { id })) updates.push(aiJobUpdated);
  return updates;
}

const told = (updates: readonly Update['aiJobUpdated'][]) =>
  updates.map(({ state, tokenDelta }) => tokenDelta ?? state);

it('who comes late gets the whole story in order, and the subscription ends with the job', async () => {
  await using ai = await openAi();
  const { learner, id, send, setRow } = await begin(ai);
  await send({ state: 'QUEUED', attempt: 0 });
  await send({});
  await send({ tokenDelta: 'The moon ', percentage: 30 });
  await send({ tokenDelta: 'pulls.', percentage: 60 });
  await setRow('SUCCEEDED', 100);
  await send({ state: 'SUCCEEDED', percentage: 100 });
  const updates = await all(learner, id);
  expect(told(updates)).toEqual(['QUEUED', 'RUNNING', 'The moon ', 'pulls.', 'SUCCEEDED']);
  expect(updates.at(-1)?.job).toEqual({ id, state: 'SUCCEEDED', percentage: 100 });
});

it('who follows from the beginning gets what comes, and each job is at least as new as its event', async () => {
  await using ai = await openAi();
  const { learner, id, send, setRow } = await begin(ai);
  const updates = learner.subscribe<Update>(follow, { id });
  const next = async () => (await updates.next()).value?.aiJobUpdated;
  // Nothing is in the stream yet: the row speaks, and the event that says the same is left out.
  expect(await next()).toMatchObject({ state: 'QUEUED', attempt: 0, job: { state: 'QUEUED' } });
  await send({ state: 'QUEUED', attempt: 0 });
  await setRow('RUNNING', 0);
  await send({});
  expect(await next()).toMatchObject({ state: 'RUNNING', attempt: 1, job: { state: 'RUNNING' } });
  await send({ tokenDelta: 'The moon', percentage: 50 });
  expect(await next()).toMatchObject({ tokenDelta: 'The moon', percentage: 50 });
  await setRow('FAILED', 50);
  await send({ state: 'FAILED', percentage: 50 });
  expect(await next()).toMatchObject({ state: 'FAILED', job: { state: 'FAILED' } });
  expect((await updates.next()).done).toBe(true);
});

it('an ended job whose stream has expired is told from its row', async () => {
  await using ai = await openAi();
  const { learner, id, setRow } = await begin(ai);
  await setRow('SUCCEEDED', 100);
  const updates = await all(learner, id);
  expect(updates).toEqual([
    {
      state: 'SUCCEEDED',
      percentage: 100,
      attempt: 1,
      tokenDelta: null,
      job: { id, state: 'SUCCEEDED', percentage: 100 },
    },
  ]);
});

it('nobody waits for ever for an end that Redis has lost', async () => {
  await using ai = await openAi();
  const { learner, id, send, setRow } = await begin(ai);
  await send({ state: 'QUEUED', attempt: 0 });
  const following = all(learner, id);
  await send({});
  await setRow('CANCELLED', 0);
  expect(told(await following)).toEqual(['QUEUED', 'RUNNING', 'CANCELLED']);
  await ai.resources.cache.del(ai.resources.keys.liveStream(event.name, id));
  await send({});
  expect(told(await all(learner, id))).toEqual(['RUNNING', 'CANCELLED']);
});
