/**
 * Nobody reaches what is another's: not by id, not by subscription, not past the gateway.
 */
import { graphClient } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  AiJobDocument,
  AiJobUpdatedDocument,
  AnswerProblemDocument,
  CancelAiJobDocument,
  EnrollmentByIdDocument,
  GenerateQuizDocument,
  LearnerRecordDocument,
  ProblemStateDocument,
  SignInDocument,
} from '../__generated__/operations.ts';
import { lessonsOf, readCourse } from '../support/course.ts';
import { enroll, type Person, signUp } from '../support/person.ts';
import { openWorld, type World } from '../support/world.ts';

let world: World;
let owner: Person;
let stranger: Person;
let enrollmentId: string;
let lessonId: string;
let problemId: string;
let choiceId: string;

beforeAll(async () => {
  world = await openWorld({ seed: true });
  [owner, stranger] = await Promise.all([signUp(world.gatewayUrl, 'Dalia'), signUp(world.gatewayUrl, 'Emre')]);
  const course = await readCourse(world.gatewayUrl);
  const lessons = lessonsOf(course);
  const problem = lessons
    .flatMap(({ blocks }) => blocks)
    .find((block) => block.__typename === 'ProblemBlock' && block.choices.length > 0);
  if (problem?.__typename !== 'ProblemBlock') throw new Error('The seed holds no problem with choices.');
  lessonId = lessons[0]!.id;
  problemId = problem.id;
  choiceId = problem.choices[0]!.id;
  [enrollmentId] = await Promise.all([enroll(owner, course.id), enroll(stranger, course.id)]);
  await world.tenant.replicasCaughtUp();
});
afterAll(() => world?.[Symbol.asyncDispose]());

test('a learner cannot read the enrolment of another', async () => {
  expect((await owner.query(EnrollmentByIdDocument, { id: enrollmentId })).enrollment?.id).toBe(enrollmentId);
  expect((await stranger.query(EnrollmentByIdDocument, { id: enrollmentId })).enrollment).toBeNull();
});

test("another's record shows a name, and no address, settings, enrolments, streak or activity", async () => {
  const { user } = await stranger.query(LearnerRecordDocument, { id: owner.id });

  expect(user).toEqual({
    id: owner.id,
    displayName: 'Dalia',
    email: null,
    preferences: null,
    enrollments: { edges: [] },
    streak: null,
    activity: { edges: [] },
  });
});

test('a learner cannot read, follow or cancel the AI job of another', async () => {
  const { generateQuiz: job } = await owner.query(GenerateQuizDocument, { input: { lessonId, questionCount: 1 } });
  if (job.__typename !== 'AiJob') throw new Error(job.message);

  expect((await stranger.query(AiJobDocument, { id: job.id })).aiJob).toBeNull();
  expect((await stranger.request(CancelAiJobDocument, { id: job.id })).errors[0]?.extensions?.code).toBe(
    'AI_JOB_NOT_FOUND',
  );
  await expect(stranger.subscribe(AiJobUpdatedDocument, { id: job.id }).next()).rejects.toThrow('AI_JOB_NOT_FOUND');
});

test('a solution is hidden until the learner has answered, and stays hidden from others', async () => {
  const before = await owner.query(ProblemStateDocument, { id: problemId });
  expect(before.problem).toMatchObject({ viewerAttempts: [], viewerSolution: null });

  await owner.query(AnswerProblemDocument, { input: { problemId, choiceIds: [choiceId] } });

  const after = await owner.query(ProblemStateDocument, { id: problemId });
  expect(after.problem?.viewerAttempts).toHaveLength(1);
  expect(after.problem?.viewerSolution?.correctChoiceIds.length).toBeGreaterThan(0);
  const others = await stranger.query(ProblemStateDocument, { id: problemId });
  expect(others.problem).toMatchObject({ viewerAttempts: [], viewerSolution: null });
});

test("no field of the graph's schema names a correct answer of a problem before it is answered", async () => {
  const { problem } = await graphClient(world.gatewayUrl).query<{ problem: { fields: { name: string }[] } }>(
    '{ problem: __type(name: "ProblemBlock") { fields { name } } }',
  );

  expect(problem.fields.map(({ name }) => name).toSorted()).toEqual([
    'choices',
    'gradable',
    'hints',
    'id',
    'kind',
    'lesson',
    'prompt',
    'promptHtml',
    'title',
    'viewerAttempts',
    'viewerSolution',
  ]);
});

test.each(['users', 'courses', 'progress', 'ai'] as const)(
  'the %s subgraph refuses a request without the signature of the gateway, with a token or without',
  async (name) => {
    const url = `${world.stack.services[name].url}/graphql`;
    const attempts: Record<string, string>[] = [
      {},
      { authorization: `Bearer ${owner.token}` },
      { 'lyceum-claims': owner.token },
    ];
    for (const headers of attempts) {
      const { data, errors, status } = await graphClient(url, { headers }).request('{ __typename }');
      expect({ data, code: errors[0]?.extensions?.code, status }).toEqual({
        data: null,
        code: 'CLAIMS_REQUIRED',
        status: 401,
      });
    }
    await expect(graphClient(url).subscribe('subscription { __typename }').next()).rejects.toThrow();
  },
);

test('a token that was tampered with is refused, not taken for an anonymous visitor', async () => {
  const [header, , signature] = owner.token.split('.');
  const forged = Buffer.from(JSON.stringify({ sub: stranger.id, sid: stranger.id, roles: ['ADMIN'] })).toString(
    'base64url',
  );

  const { data, errors, status } = await graphClient(world.gatewayUrl, {
    token: `${header}.${forged}.${signature}`,
  }).request('{ viewer { id } }');

  expect({ data, status, code: errors[0]?.extensions?.code }).toEqual({
    data: null,
    status: 401,
    code: 'UNAUTHENTICATED',
  });
});

test('a withdrawn course is hidden from its learners, who keep the rest of their record and what they did', async () => {
  const signedIn = await owner.query(SignInDocument, {
    input: { email: 'instructor@lyceum.example', password: 'lyceum-demo' },
  });
  if (signedIn.signIn.__typename !== 'Session') throw new Error(signedIn.signIn.message);
  const instructor = graphClient(world.gatewayUrl, { token: signedIn.signIn.accessToken });
  const { enrollment } = await owner.query<{ enrollment: { course: { id: string } } }>(
    'query ($id: ID!) { enrollment(id: $id) { course { id } } }',
    { id: enrollmentId },
  );
  const courseId = enrollment.course.id;
  const record = `{
    viewer { displayName enrollments { edges { node { progress { answeredProblems } course { title } } } } }
    aiJobs { edges { node { kind lesson { title } } } }
  }`;

  await instructor.query('mutation ($id: ID!) { withdrawCourse(courseId: $id) { status } }', { id: courseId });
  try {
    await world.tenant.replicasCaughtUp();
    const hidden = await owner.query(
      'query ($c: ID!, $l: ID!, $p: ID!) { course(id: $c) { id } lesson(id: $l) { id } problem(id: $p) { id } }',
      {
        c: courseId,
        l: lessonId,
        p: problemId,
      },
    );
    expect(hidden).toEqual({ course: null, lesson: null, problem: null });
    expect(await owner.query(record)).toEqual({
      viewer: {
        displayName: 'Dalia',
        enrollments: { edges: [{ node: { progress: { answeredProblems: 1 }, course: null } }] },
      },
      aiJobs: { edges: [{ node: { kind: 'QUIZ', lesson: null } }] },
    });
  } finally {
    await instructor.query('mutation ($id: ID!) { publishCourse(courseId: $id) { status } }', { id: courseId });
  }
});
