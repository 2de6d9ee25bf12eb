/**
 * Answering problems: graded here, kept for ever, and solved only for those who answered.
 */
import { newId } from '@lyceum/database';
import { sql } from '@lyceum/testing';
import { expect, it } from 'vitest';
import { choice, type Learner, number, openProgress, outlineOf, text } from './progress.ts';

const enroll = 'mutation ($id: ID!) { enroll(courseId: $id) { __typename } }';
const answer = `mutation ($input: AnswerProblemInput!) {
  answerProblem(input: $input) {
    attempt { correct choiceIds response }
    solution { correctChoiceIds answers explanation }
    progress { percentage answeredProblems correctProblems totalProblems revision }
  }
}`;
const problems = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    ... on ProblemBlock {
      viewerAttempts { correct choiceIds response problem { id } }
      viewerSolution { correctChoiceIds answers explanation }
    }
  }
}`;
const seenBy = async (learner: Pick<Learner, 'query'>, ...ids: string[]) => {
  const representations = ids.map((id) => ({ __typename: 'ProblemBlock', id }));
  return (await learner.query<{ _entities: unknown[] }>(problems, { representations }))._entities;
};
const nothing = { viewerAttempts: [], viewerSolution: null };

it('a solution is hidden until the first answer', async () => {
  await using progress = await openProgress();
  const outline = outlineOf(2, [choice, number]);
  await progress.publish(outline);
  const [first, second] = outline.lessons.map((lesson) => lesson.problems[0]!.problemId) as [string, string];
  const learner = await progress.learner('s2');
  const other = await progress.learner('s2');
  for (const each of [learner, other]) await each.query(enroll, { id: outline.courseId });
  expect(await seenBy(learner, first, second)).toEqual([nothing, nothing]);

  const solution = { correctChoiceIds: ['a', 'c'], answers: [], explanation: 'Because.' };
  expect(await learner.query(answer, { input: { problemId: first, choiceIds: ['b'] } })).toMatchObject({
    answerProblem: { attempt: { correct: false }, solution },
  });
  const attempt = { correct: false, choiceIds: ['b'], response: null, problem: { id: first } };
  expect(await seenBy(learner, first, second)).toEqual([
    { viewerAttempts: [attempt], viewerSolution: solution },
    nothing,
  ]);
  expect(await seenBy(other, first, second)).toEqual([nothing, nothing]);
  expect(await seenBy(await progress.anonymous(), first)).toEqual([nothing]);
});

it('every attempt is kept, latest first, and only the latest counts as right or wrong', async () => {
  await using progress = await openProgress();
  const outline = outlineOf(1, [text]);
  await progress.publish(outline);
  const problemId = outline.lessons[0]!.problems[0]!.problemId;
  const learner = await progress.learner();
  await learner.query(enroll, { id: outline.courseId });
  const given = async (response: string) => {
    const outcome = await learner.query<{ answerProblem: { progress: object } }>(answer, {
      input: { problemId, response },
    });
    return outcome.answerProblem.progress;
  };
  const counts = { percentage: 50, answeredProblems: 1, totalProblems: 1 };
  expect(await given('the sun')).toEqual({ ...counts, correctProblems: 0, revision: 2 });
  expect(await given(' The Moon ')).toEqual({ ...counts, correctProblems: 1, revision: 3 });
  expect(await given('the sea')).toEqual({ ...counts, correctProblems: 0, revision: 4 });
  for (let attempt = 4; attempt <= 25; attempt += 1) await given(`try ${attempt}`);
  const [seen] = (await seenBy(learner, problemId)) as [{ viewerAttempts: { response: string }[] }];
  const latest = Array.from({ length: 20 }, (_, index) => `try ${25 - index}`);
  expect(seen.viewerAttempts.map(({ response }) => response)).toEqual(latest);
  const url = progress.tenant.databaseUrl('progress', 's1');
  expect(await sql(url, 'SELECT count(*)::int AS attempts FROM problem_attempt')).toEqual([{ attempts: 25 }]);
});

it('an answer that does not fit names its field and records nothing', async () => {
  await using progress = await openProgress();
  const outline = outlineOf(3, [choice, number, text]);
  await progress.publish(outline);
  const [chosen, counted] = outline.lessons.map((lesson) => lesson.problems[0]!.problemId) as [string, string];
  const learner = await progress.learner();
  const attempt = (input: object) => learner.request(answer, { input });
  expect((await attempt({ problemId: chosen, choiceIds: ['a'] })).errors[0]?.extensions?.code).toBe('NOT_ENROLLED');
  await learner.query(enroll, { id: outline.courseId });
  for (const [input, field] of [
    [{ problemId: chosen, response: 'a' }, 'response'],
    [{ problemId: chosen, choiceIds: [] }, 'choiceIds'],
    [{ problemId: counted, choiceIds: ['a'] }, 'choiceIds'],
    [{ problemId: counted, response: 'many' }, 'response'],
  ] as const) {
    const [error] = (await attempt(input)).errors;
    expect(error?.extensions).toMatchObject({ code: 'ANSWER_INVALID', details: { field } });
  }
  expect((await attempt({ problemId: newId(7), response: '1' })).errors[0]?.extensions?.code).toBe('PROBLEM_NOT_FOUND');
  expect(await seenBy(learner, chosen, counted)).toEqual([nothing, nothing]);
});

it('answers to one problem given at the same moment are all kept and counted once', async () => {
  await using progress = await openProgress();
  const outline = outlineOf(1, [number]);
  await progress.publish(outline);
  const problemId = outline.lessons[0]!.problems[0]!.problemId;
  const learner = await progress.learner();
  await learner.query(enroll, { id: outline.courseId });
  const sent = Array.from({ length: 8 }, () => learner.query(answer, { input: { problemId, response: '42.3' } }));
  const outcomes = (await Promise.all(sent)) as { answerProblem: { progress: { revision: number } } }[];
  for (const { answerProblem } of outcomes) {
    expect(answerProblem.progress).toMatchObject({ percentage: 50, answeredProblems: 1, correctProblems: 1 });
  }
  const revisions = outcomes.map(({ answerProblem }) => answerProblem.progress.revision).sort((a, b) => a - b);
  expect(revisions).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
});
