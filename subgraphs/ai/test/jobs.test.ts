/**
 * Jobs as their learner sees them, and as nobody else does.
 */
import type { AiJobOutput } from '@lyceum/contracts';
import { fixedClock } from '@lyceum/testing';
import { expect, it } from 'vitest';
import { type Ai, generateQuiz, type JobOutcome, type Learner, openAi } from './ai.ts';

const cancel = 'mutation ($id: ID!) { cancelAiJob(id: $id) { id state finishedAt } }';
const list = `query ($first: Int! = 20, $after: String, $state: AiJobState) {
  aiJobs(first: $first, after: $after, state: $state) {
    edges { node { id state } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}`;
const onLesson = `query ($id: ID!) {
  _entities(representations: [{ __typename: "Lesson", id: $id }]) { ... on Lesson { viewerAiJobs { id } } }
}`;

interface Page {
  readonly aiJobs: {
    readonly edges: { readonly node: { readonly id: string; readonly state: string } }[];
    readonly pageInfo: {
      readonly hasNextPage: boolean;
      readonly hasPreviousPage: boolean;
      readonly endCursor: string | null;
    };
  };
}

async function quiz(learner: Learner, lessonId: string): Promise<string> {
  return (await learner.query<JobOutcome>(generateQuiz, { input: { lessonId } })).outcome.id;
}

const reserved = async (ai: Ai) => (await ai.sql<{ reserved: number }>('SELECT reserved FROM ai_budget'))[0]?.reserved;

it("a learner cannot see, follow or cancel another's job", async () => {
  await using ai = await openAi();
  const lesson = ai.lesson();
  // On one shard, so that nothing but the statements keeps them apart.
  const [owner, other] = [await ai.learner('s1'), await ai.learner('s1')];
  const id = await quiz(owner, lesson.id);
  await ai.publish({ jobId: id, learnerId: owner.id, state: 'QUEUED', attempt: 0, percentage: 0, tokenDelta: null });
  const follow = 'subscription ($id: ID!) { aiJobUpdated(id: $id) { state } }';
  const entity = `query ($id: ID!) { _entities(representations: [{ __typename: "AiJob", id: $id }]) { ... on AiJob { state } } }`;

  expect(await other.query('query ($id: ID!) { aiJob(id: $id) { id } }', { id })).toEqual({ aiJob: null });
  expect(await other.query(entity, { id })).toEqual({ _entities: [null] });
  expect(await other.query(onLesson, { id: lesson.id })).toEqual({ _entities: [{ viewerAiJobs: [] }] });
  expect((await other.query<Page>(list)).aiJobs.edges).toEqual([]);
  await expect(other.query(cancel, { id })).rejects.toThrow('AI_JOB_NOT_FOUND');
  await expect(other.subscribe(follow, { id }).next()).rejects.toThrow('AI_JOB_NOT_FOUND');

  const stranger = await ai.anonymous();
  expect(await stranger.query('query ($id: ID!) { aiJob(id: $id) { id } }', { id })).toEqual({ aiJob: null });
  await expect(stranger.query(list)).rejects.toThrow('UNAUTHENTICATED');
  await expect(stranger.query(cancel, { id })).rejects.toThrow('UNAUTHENTICATED');
  await expect(stranger.subscribe(follow, { id }).next()).rejects.toThrow('UNAUTHENTICATED');

  expect(await owner.query(entity, { id })).toEqual({ _entities: [{ state: 'QUEUED' }] });
  expect(await owner.query(onLesson, { id: lesson.id })).toEqual({ _entities: [{ viewerAiJobs: [{ id }] }] });
});

it('cancelling a job that waits gives its reservation back, once, and tells workers', async () => {
  await using ai = await openAi();
  const lesson = ai.lesson();
  const learner = await ai.learner();
  const [kept, id] = [await quiz(learner, lesson.id), await quiz(learner, lesson.id)];
  const before = (await reserved(ai))!;
  const heard = Promise.withResolvers<string>();
  const listener = ai.resources.cache.duplicate({ enableOfflineQueue: true });
  listener.on('message', (_channel, message) => heard.resolve(message));
  await listener.subscribe(ai.resources.keys.cancellations());
  try {
    const [first, second] = await Promise.all([learner.query(cancel, { id }), learner.query(cancel, { id })]);
    expect(first).toMatchObject({ cancelAiJob: { id, state: 'CANCELLED', finishedAt: expect.any(String) } });
    expect(second).toEqual(first);
    expect(await heard.promise).toBe(id);
  } finally {
    listener.disconnect();
  }
  expect(await reserved(ai)).toBe(before / 2);
  const ended = `SELECT payload->>'state' AS state FROM outbox_message WHERE kind = 'event' AND key = $1 ORDER BY seq`;
  expect(await ai.sql(ended, [id])).toEqual([{ state: 'QUEUED' }, { state: 'CANCELLED' }]);
  expect(await learner.query('query ($id: ID!) { aiJob(id: $id) { state } }', { id: kept })).toEqual({
    aiJob: { state: 'QUEUED' },
  });
});

it('the reservation of a job that runs is left to the worker that settles it', async () => {
  await using ai = await openAi();
  const learner = await ai.learner();
  const id = await quiz(learner, ai.lesson().id);
  const before = await reserved(ai);
  await ai.sql(`UPDATE ai_job SET state = 'RUNNING', attempt = 1, percentage = 40`);
  expect(await learner.query(cancel, { id })).toMatchObject({ cancelAiJob: { state: 'CANCELLED' } });
  expect(await reserved(ai)).toBe(before);
  expect(await ai.sql('SELECT reserved_tokens FROM ai_job')).toEqual([{ reserved_tokens: before }]);
  await ai.sql(`UPDATE ai_job SET state = 'SUCCEEDED'`);
  expect(await learner.query(cancel, { id })).toMatchObject({ cancelAiJob: { state: 'SUCCEEDED' } });
});

it('results come as the type that their kind makes', async () => {
  await using ai = await openAi();
  const lesson = ai.lesson();
  const learner = await ai.learner();
  const question = {
    prompt: 'What pulls the sea?',
    choices: ['moon', 'sun'],
    answer: 'moon',
    source: 'The moon pulls the sea.',
  };
  const outputs: AiJobOutput[] = [
    { kind: 'QUIZ', questions: [question] },
    { kind: 'SUMMARY', text: 'Tides.', sentences: ['Tides.'] },
    { kind: 'EXPLANATION', text: 'Because.' },
  ];
  const job = `query ($id: ID!) {
    aiJob(id: $id) {
      state model usage { promptTokens completionTokens } failure { code message }
      result {
        __typename
        ... on QuizResult { questions { prompt choices answer source } }
        ... on SummaryResult { text sentences }
        ... on ExplanationResult { explanation: text }
      }
    }
  }`;
  const results = [];
  for (const output of outputs) {
    const id = await quiz(learner, lesson.id);
    await ai.sql(
      `UPDATE ai_job SET state = 'SUCCEEDED', kind = $2, output = $3, model = 'm', prompt_tokens = 7, completion_tokens = 3 WHERE id = $1`,
      [id, output.kind, output],
    );
    results.push((await learner.query<{ aiJob: object }>(job, { id })).aiJob);
  }
  const done = { state: 'SUCCEEDED', model: 'm', usage: { promptTokens: 7, completionTokens: 3 }, failure: null };
  expect(results).toEqual([
    { ...done, result: { __typename: 'QuizResult', questions: [question] } },
    { ...done, result: { __typename: 'SummaryResult', text: 'Tides.', sentences: ['Tides.'] } },
    { ...done, result: { __typename: 'ExplanationResult', explanation: 'Because.' } },
  ]);
  const id = await quiz(learner, lesson.id);
  await ai.sql(
    `UPDATE ai_job SET state = 'FAILED', failure_code = 'TIMED_OUT', failure_message = 'Late.' WHERE id = $1`,
    [id],
  );
  expect((await learner.query<{ aiJob: object }>(job, { id })).aiJob).toMatchObject({
    failure: { code: 'TIMED_OUT', message: 'Late.' },
    usage: null,
    result: null,
  });
});

it('pages of jobs join without gap or double, newest first, also within one instant', async () => {
  const clock = fixedClock('2026-11-21T08:00:00Z');
  await using ai = await openAi({ clock });
  const lesson = ai.lesson();
  const learner = await ai.learner();
  const made: string[] = [];
  for (let job = 0; job < 8; job += 1) {
    if (job % 2 === 0) clock.advance(1_000);
    made.unshift(await quiz(learner, lesson.id));
  }
  const joined: string[] = [];
  for (let after: string | null = null; ; ) {
    const page: Page['aiJobs'] = (await learner.query<Page>(list, { first: 3, after })).aiJobs;
    joined.push(...page.edges.map(({ node }) => node.id));
    expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
    if (!page.pageInfo.hasNextPage) break;
    after = page.pageInfo.endCursor;
  }
  expect(joined.toSorted()).toEqual(made.toSorted());
  const whole = (await learner.query<Page>(list)).aiJobs.edges.map(({ node }) => node.id);
  expect(joined).toEqual(whole);
  await learner.query(cancel, { id: made[0] });
  const cancelled = await learner.query<Page>(list, { state: 'CANCELLED' });
  expect(cancelled.aiJobs.edges).toEqual([{ node: { id: made[0], state: 'CANCELLED' } }]);
  await expect(learner.query(list, { first: 0 })).rejects.toThrow('BAD_USER_INPUT');
});

it("a request without the gateway's signature is refused", async () => {
  await using ai = await openAi();
  for (const claims of [null, 'forged']) {
    const response = await fetch(`${ai.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(claims === null ? {} : { 'lyceum-claims': claims }) },
      body: JSON.stringify({ query: '{ aiJobs { edges { cursor } } }' }),
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'CLAIMS_REQUIRED' } }] });
  }
});
