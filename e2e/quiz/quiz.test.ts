/**
 * A quiz on a real lesson: accepted at once, followed token by token, and made once, whatever happens to the worker.
 */
import { eventually } from '@lyceum/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AiJobDocument,
  AiJobUpdatedDocument,
  type AiJobUpdatedSubscription,
  GenerateQuizDocument,
} from '../__generated__/operations.ts';
import { type Lesson, lessonsOf, readCourse } from '../support/course.ts';
import { lyceum } from '../support/lyceum-cli.ts';
import { type Person, signUp } from '../support/person.ts';
import { sampleCourse } from '../support/sample-course.ts';
import { openWorld, type World } from '../support/world.ts';

type Update = AiJobUpdatedSubscription['aiJobUpdated'];

async function longestLesson(gatewayUrl: string): Promise<Lesson> {
  const lessons = lessonsOf(await readCourse(gatewayUrl));
  const longest = lessons.toSorted((a, b) => b.plainText.length - a.plainText.length)[0];
  if (!longest) throw new Error('The catalogue holds no lesson.');
  return longest;
}

async function askForQuiz(person: Person, lessonId: string): Promise<string> {
  const { generateQuiz: job } = await person.query(GenerateQuizDocument, { input: { lessonId, questionCount: 4 } });
  if (job.__typename !== 'AiJob') throw new Error(job.message);
  expect(job.state).toBe('QUEUED');
  return job.id;
}

/** Consecutive equal steps are one: QUEUED, RUNNING, tokens, SUCCEEDED. */
function steps(updates: readonly Update[]): string[] {
  const all = updates.map(({ state, tokenDelta }) => (tokenDelta === null ? state : 'tokens'));
  return all.filter((step, at) => step !== all[at - 1]);
}

function expectAnswersFromLesson(update: Update | undefined, lesson: Lesson): void {
  const result = update?.job.result;
  if (result?.__typename !== 'QuizResult') throw new Error(`The job made ${result?.__typename ?? 'nothing'}.`);
  expect(result.questions.length).toBeGreaterThan(0);
  for (const { answer, choices } of result.questions) {
    expect(lesson.plainText.toLowerCase()).toContain(answer.toLowerCase());
    expect(choices).toContain(answer);
    expect(new Set(choices).size).toBe(choices.length);
  }
}

describe(sampleCourse ? 'on the Open edX demo course' : "on the seed's courses", () => {
  let world: World;
  let lesson: Lesson;

  beforeAll(async () => {
    world = await openWorld({
      seed: !sampleCourse,
      // Slow enough to be caught in the middle; a lost lock is noticed within seconds, and a busy machine loses none.
      env: { EMBEDDED_TOKENS_PER_SECOND: '60', WORKER_LOCK_MS: '10000', WORKER_STALLED_MS: '1000' },
    });
    if (sampleCourse) {
      const { code, output } = await lyceum(['import', 'olx', sampleCourse], world.tenant.env);
      if (code !== 0) throw new Error(output);
    }
    await world.tenant.replicasCaughtUp();
    lesson = await longestLesson(world.gatewayUrl);
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  test('a quiz goes from queued to running to tokens to succeeded, and its answers stand in the lesson', async () => {
    const learner = await signUp(world.gatewayUrl, 'Bento');
    const jobId = await askForQuiz(learner, lesson.id);

    const updates: Update[] = [];
    for await (const { aiJobUpdated } of learner.subscribe(AiJobUpdatedDocument, { id: jobId }))
      updates.push(aiJobUpdated);

    expect(steps(updates)).toEqual(['QUEUED', 'RUNNING', 'tokens', 'SUCCEEDED']);
    expect(updates.at(-1)?.job).toMatchObject({ lesson: { title: lesson.title }, learner: { displayName: 'Bento' } });
    expectAnswersFromLesson(updates.at(-1), lesson);
  });

  test('a worker killed with SIGKILL in the middle of a quiz still ends in one result', async () => {
    const learner = await signUp(world.gatewayUrl, 'Chidi');
    const jobId = await askForQuiz(learner, lesson.id);

    const updates: Update[] = [];
    let killed = false;
    for await (const { aiJobUpdated } of learner.subscribe(AiJobUpdatedDocument, { id: jobId })) {
      updates.push(aiJobUpdated);
      if (aiJobUpdated.tokenDelta === null || killed) continue;
      killed = true;
      await world.stack.services.worker.kill('SIGKILL');
      await world.stack.restart('worker');
    }

    expect(killed).toBe(true);
    expect(updates.filter(({ state }) => state === 'SUCCEEDED')).toHaveLength(1);
    expect(updates.at(-1)).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
    expectAnswersFromLesson(updates.at(-1), lesson);
    await eventually(async () => {
      const { aiJob } = await learner.query(AiJobDocument, { id: jobId });
      expect(aiJob).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
    });
  });
});
