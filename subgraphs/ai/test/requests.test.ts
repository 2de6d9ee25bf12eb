/**
 * Asking for a job: one job per key, within the allowance, on what the viewer may read.
 */
import { AiJobInput } from '@lyceum/contracts';
import { newId } from '@lyceum/database';
import { fixedClock, laggingReplica } from '@lyceum/testing';
import { expect, it } from 'vitest';
import { type Ai, generateQuiz, type JobOutcome, type Learner, openAi } from './ai.ts';

const explain = `mutation ($input: ExplainAnswerInput!) {
  outcome: explainAnswer(input: $input) { __typename ... on AiJob { id kind lesson { id } } }
}`;
const rows = (ai: Ai) => ai.sql<{ id: string; reserved_tokens: number }>('SELECT id, reserved_tokens FROM ai_job');
const quizOn = (learner: Learner, lessonId: string, more: object = {}) =>
  learner.query<JobOutcome>(generateQuiz, { input: { lessonId, ...more } });

it('a quiz is accepted at once: job, reservation, event and place in the queue are committed together', async () => {
  await using ai = await openAi();
  const lesson = ai.lesson();
  const learner = await ai.learner();
  const { outcome } = await quizOn(learner, lesson.id, { questionCount: 3 });
  expect(outcome).toEqual({
    __typename: 'AiJob',
    id: expect.any(String),
    kind: 'QUIZ',
    state: 'QUEUED',
    percentage: 0,
    attempt: 0,
    learner: { id: learner.id },
    lesson: { id: lesson.id },
    result: null,
  });
  const [job] = await ai.sql<{ input: unknown; reserved_tokens: number }>('SELECT input, reserved_tokens FROM ai_job');
  expect(AiJobInput.parse(job?.input)).toEqual({
    kind: 'QUIZ',
    lessonId: lesson.id,
    lessonTitle: lesson.title,
    lessonText: lesson.plainText,
    questionCount: 3,
  });
  expect(await ai.sql('SELECT reserved, spent FROM ai_budget')).toEqual([{ reserved: job?.reserved_tokens, spent: 0 }]);
  expect(await ai.sql('SELECT kind, name, key FROM outbox_message ORDER BY kind')).toEqual([
    { kind: 'event', name: 'ai.job.updated', key: outcome.id },
    { kind: 'job', name: 'ai.run', key: outcome.id },
  ]);
  expect(ai.gateway.askedBy).toEqual([learner.id]);
});

it('the same idempotency key gives the same job and one reservation', async () => {
  await using ai = await openAi();
  const lesson = ai.lesson();
  const learner = await ai.learner();
  const sent = Array.from({ length: 6 }, () => quizOn(learner, lesson.id, { idempotencyKey: 'once' }));
  const outcomes = await Promise.all(sent);
  outcomes.push(await quizOn(learner, lesson.id, { idempotencyKey: 'once' }));
  expect(new Set(outcomes.map(({ outcome }) => outcome.id)).size).toBe(1);
  const [job, ...others] = await rows(ai);
  expect(others).toEqual([]);
  expect(await ai.sql('SELECT reserved FROM ai_budget')).toEqual([{ reserved: job?.reserved_tokens }]);
  expect(await ai.sql('SELECT count(*)::int AS messages FROM outbox_message')).toEqual([{ messages: 2 }]);
  // A key is the learner's own: another's job is not behind it.
  const other = await ai.learner();
  expect((await quizOn(other, lesson.id, { idempotencyKey: 'once' })).outcome.id).not.toBe(job?.id);
});

it('a learner whose allowance is used up gets BudgetExceeded and no job row', async () => {
  const clock = fixedClock('2026-11-21T22:00:00Z');
  await using ai = await openAi({ clock });
  const lesson = ai.lesson();
  const learner = await ai.learner();
  const allowance = ai.resources.models.current.budget.tokensPerLearnerPerDay;
  const spend = 'INSERT INTO ai_budget (learner_id, day, reserved, spent) VALUES ($1, $2, 0, $3)';
  await ai.sql(spend, [learner.id, '2026-11-21', allowance - 10]);
  expect((await quizOn(learner, lesson.id)).outcome).toEqual({
    __typename: 'BudgetExceeded',
    message: expect.any(String),
    renewsAt: '2026-11-22T00:00:00.000Z',
  });
  expect(await rows(ai)).toEqual([]);
  expect(await ai.sql('SELECT id FROM outbox_message')).toEqual([]);
  expect(await ai.sql('SELECT reserved, spent FROM ai_budget')).toEqual([{ reserved: 0, spent: allowance - 10 }]);
  clock.set('2026-11-22T00:00:00Z');
  expect((await quizOn(learner, lesson.id)).outcome.__typename).toBe('AiJob');
});

it('requests at the same moment never reserve more than the allowance', async () => {
  await using ai = await openAi();
  const lesson = ai.lesson('The moon pulls the sea. '.repeat(6_000));
  const learner = await ai.learner();
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => quizOn(learner, lesson.id)));
  const accepted = outcomes.filter(({ outcome }) => outcome.__typename === 'AiJob');
  const [budget] = await ai.sql<{ reserved: number }>('SELECT reserved FROM ai_budget');
  const allowance = ai.resources.models.current.budget.tokensPerLearnerPerDay;
  expect(accepted.length).toBeGreaterThan(0);
  expect(accepted.length).toBeLessThan(8);
  expect(budget!.reserved).toBeLessThanOrEqual(allowance);
  expect((await rows(ai)).reduce((sum, job) => sum + job.reserved_tokens, 0)).toBe(budget!.reserved);
});

it('a learner has at most ten jobs under way', async () => {
  await using ai = await openAi();
  const lesson = ai.lesson();
  const learner = await ai.learner();
  for (let job = 0; job < 10; job += 1) await quizOn(learner, lesson.id);
  await expect(quizOn(learner, lesson.id)).rejects.toThrow('RATE_LIMITED');
  await ai.sql(`UPDATE ai_job SET state = 'SUCCEEDED' WHERE id = (SELECT id FROM ai_job LIMIT 1)`);
  expect((await quizOn(learner, lesson.id)).outcome.__typename).toBe('AiJob');
});

it('a lesson that is hidden, absent or without text is not usable', async () => {
  await using ai = await openAi();
  const learner = await ai.learner();
  for (const lessonId of [newId(7), 'no id', ai.lesson(' \n ').id]) {
    expect((await quizOn(learner, lessonId)).outcome.__typename).toBe('LessonNotUsable');
  }
  expect(await rows(ai)).toEqual([]);
});

it('an answer can be explained once it is given, in the words of the choices', async () => {
  await using ai = await openAi();
  const lesson = ai.lesson();
  const learner = await ai.learner();
  const problem = {
    prompt: 'What pulls the sea?',
    choices: [
      { id: 'a', text: 'The sun' },
      { id: 'b', text: 'The moon' },
    ],
    lesson,
    viewerAttempts: [],
    viewerSolution: null,
  };
  const problemId = newId(7);
  const ask = () => learner.query<JobOutcome>(explain, { input: { problemId } });
  expect((await ask()).outcome.__typename).toBe('LessonNotUsable');
  ai.gateway.problems.set(problemId, problem);
  expect((await ask()).outcome.__typename).toBe('ProblemNotAnswered');
  ai.gateway.problems.set(problemId, {
    ...problem,
    viewerAttempts: [{ choiceIds: ['a'], response: null }],
    viewerSolution: { correctChoiceIds: ['b'], answers: [], explanation: 'Gravity.' },
  });
  expect((await ask()).outcome).toMatchObject({ __typename: 'AiJob', kind: 'EXPLANATION', lesson: { id: lesson.id } });
  const [job] = await ai.sql<{ input: unknown }>('SELECT input FROM ai_job');
  expect(AiJobInput.parse(job?.input)).toMatchObject({
    problemId,
    prompt: problem.prompt,
    learnerAnswer: 'The sun',
    correctAnswer: 'The moon',
    explanation: 'Gravity.',
  });
});

it('says SERVICE_UNAVAILABLE while lessons cannot be read, and makes no job', async () => {
  await using ai = await openAi();
  const lesson = ai.lesson();
  const learner = await ai.learner();
  ai.gateway.failure = 'courses is away';
  await expect(quizOn(learner, lesson.id)).rejects.toThrow('SERVICE_UNAVAILABLE: Lessons cannot be read');
  ai.gateway.failure = null;
  ai.gateway.silent = true;
  const begun = performance.now();
  await expect(quizOn(learner, lesson.id)).rejects.toThrow('SERVICE_UNAVAILABLE: Lessons cannot be read');
  expect(performance.now() - begun).toBeLessThan(6_000);
  await ai.gateway[Symbol.asyncDispose]();
  await expect(quizOn(learner, lesson.id)).rejects.toThrow('SERVICE_UNAVAILABLE: Lessons cannot be read');
  expect(await rows(ai)).toEqual([]);
});

it('what cannot be asked for is refused by name', async () => {
  await using ai = await openAi();
  const lesson = ai.lesson();
  const learner = await ai.learner();
  await expect(quizOn(learner, lesson.id, { questionCount: 0 })).rejects.toThrow('BAD_USER_INPUT: questionCount');
  await expect(quizOn(learner, lesson.id, { questionCount: 21 })).rejects.toThrow('BAD_USER_INPUT: questionCount');
  for (const idempotencyKey of ['', 'k'.repeat(101), 'a\u0000']) {
    await expect(quizOn(learner, lesson.id, { idempotencyKey })).rejects.toThrow('BAD_USER_INPUT: idempotencyKey');
  }
  const stranger = await ai.anonymous();
  await expect(stranger.query(generateQuiz, { input: { lessonId: lesson.id } })).rejects.toThrow('UNAUTHENTICATED');
});

it('a learner who just wrote reads the write although the replica lags', async () => {
  await using ai = await openAi();
  const lesson = ai.lesson();
  await ai.tenant.replicasCaughtUp();
  await using _lag = await laggingReplica('s2');
  const learner = await ai.learner('s2');
  const { outcome } = await quizOn(learner, lesson.id);
  expect(
    await learner.query('query ($id: ID!) { aiJob(id: $id) { id } aiJobs { edges { node { id } } } }', {
      id: outcome.id,
    }),
  ).toEqual({
    aiJob: { id: outcome.id },
    aiJobs: { edges: [{ node: { id: outcome.id } }] },
  });
});
