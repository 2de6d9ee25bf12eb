/**
 * A learner's whole day on a real course: import, sign-up, enrolment, every lesson, every problem, up to 100 %.
 */
import { ProgressUpdated } from '@lyceum/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AnswerProblemDocument,
  type AnswerProblemInput,
  CompleteLessonDocument,
  CourseProgressDocument,
  ProgressUpdatedDocument,
  type ProgressUpdatedSubscription,
} from '../__generated__/operations.ts';
import { type Course, type Lesson, lessonsOf, readCourse } from '../support/course.ts';
import { lyceum } from '../support/lyceum-cli.ts';
import { enroll, signUp } from '../support/person.ts';
import { sampleCourse, sampleCourseSize } from '../support/sample-course.ts';
import { untilListening } from '../support/until-listening.ts';
import { openWorld, type World } from '../support/world.ts';

type Block = Lesson['blocks'][number];
type Problem = Extract<Block, { __typename: 'ProblemBlock' }>;
type Update = ProgressUpdatedSubscription['progressUpdated'];

/** Any answer that fits the problem's kind; whether it is right does not matter to completion. */
function someAnswer(problem: Problem): AnswerProblemInput {
  if (problem.choices.length > 0) return { problemId: problem.id, choiceIds: [problem.choices[0]!.id] };
  return { problemId: problem.id, response: problem.kind === 'NUMERIC' ? '1' : 'an answer' };
}

describe.skipIf(!sampleCourse)('the Open edX demo course', () => {
  let world: World;
  let course: Course;

  beforeAll(async () => {
    world = await openWorld();
    const { code, output } = await lyceum(['import', 'olx', sampleCourse!], world.tenant.env);
    if (code !== 0) throw new Error(output);
    await world.tenant.replicasCaughtUp();
    course = await readCourse(world.gatewayUrl, '"Open edX"');
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  test('shows every module, section, lesson and block through the graph', () => {
    const blocks = lessonsOf(course).flatMap((lesson) => lesson.blocks);
    const count = (kind: Block['__typename']) => blocks.filter(({ __typename }) => __typename === kind).length;

    expect(course).toMatchObject({
      moduleCount: sampleCourseSize.modules,
      sectionCount: sampleCourseSize.sections,
      lessonCount: sampleCourseSize.lessons,
    });
    expect(course.modules).toHaveLength(sampleCourseSize.modules);
    expect(course.modules.flatMap(({ sections }) => sections)).toHaveLength(sampleCourseSize.sections);
    expect(lessonsOf(course)).toHaveLength(sampleCourseSize.lessons);
    expect(course.blockCounts).toEqual({
      text: count('TextBlock'),
      video: count('VideoBlock'),
      problem: count('ProblemBlock'),
    });
    expect(course.blockCounts).toMatchObject({ text: 266, video: 11 });
    expect(course.blockCounts.problem).toBeGreaterThanOrEqual(23);
  });

  test('imported a second time reports no change', async () => {
    const { code, output } = await lyceum(['import', 'olx', sampleCourse!], world.tenant.env);

    expect(output).toMatch(/no change/i);
    expect(code).toBe(0);
    expect(await readCourse(world.gatewayUrl, '"Open edX"')).toEqual(course);
  });

  test('every progressUpdated reaches a second socket of the learner in order, enriched, ending at 100 %', async () => {
    const learner = await signUp(world.gatewayUrl, 'Amina');
    const lessons = lessonsOf(course);
    const problems = lessons
      .flatMap(({ blocks }) => blocks)
      .filter((block): block is Problem => block.__typename === 'ProblemBlock' && block.gradable);
    const changes = 1 + lessons.length + problems.length;

    const received: Update[] = [];
    const socket = learner.subscribe(ProgressUpdatedDocument, { courseId: course.id });
    const listening = (async () => {
      for await (const { progressUpdated } of socket) {
        received.push(progressUpdated);
        if (received.length === changes) return;
      }
    })();
    await untilListening(world.tenant.env, ProgressUpdated, learner.id);

    await enroll(learner, course.id);
    for (const lesson of lessons) {
      await learner.query(CompleteLessonDocument, { lessonId: lesson.id });
      for (const block of lesson.blocks) {
        if (block.__typename !== 'ProblemBlock' || !block.gradable) continue;
        await learner.query(AnswerProblemDocument, { input: someAnswer(block) });
      }
    }
    await listening;

    expect(problems.length).toBeGreaterThan(0);
    expect(received.map(({ progress }) => progress.revision)).toEqual(
      Array.from({ length: changes }, (_, at) => at + 1),
    );
    for (const { learner: who, course: where, lesson, reason } of received) {
      expect(who.displayName).toBe('Amina');
      expect(where?.title).toBe(course.title);
      if (reason !== 'ENROLLED') expect(lesson?.title).toEqual(expect.any(String));
    }
    const percentages = received.map(({ progress }) => progress.percentage);
    expect(percentages).toEqual(percentages.toSorted((a, b) => a - b));
    expect(percentages.at(-1)).toBe(100);

    const { course: after } = await learner.query(CourseProgressDocument, { id: course.id });
    expect(after?.viewerEnrollment).toMatchObject({ status: 'COMPLETED', completedAt: expect.any(String) });
    expect(after?.viewerProgress).toMatchObject({
      percentage: 100,
      completedLessons: 58,
      answeredProblems: problems.length,
    });
  });
});
