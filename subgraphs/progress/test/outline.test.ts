/**
 * Outlines: the same on every shard, never older than what was there, and counted again when they change.
 */
import { newId } from '@lyceum/database';
import { eventually, sql } from '@lyceum/testing';
import { expect, it } from 'vitest';
import { percentageOf } from '../src/completion/percentage.ts';
import { choice, type Learner, number, type Outline, openProgress, outlineOf, type Progress } from './progress.ts';

const enroll = 'mutation ($id: ID!) { enroll(courseId: $id) { __typename ... on Enrollment { status } } }';
const complete = 'mutation ($id: ID!) { completeLesson(lessonId: $id) { percentage } }';
const answer = 'mutation ($input: AnswerProblemInput!) { answerProblem(input: $input) { progress { percentage } } }';
const enrollment = `query ($id: ID!) {
  _entities(representations: [{ __typename: "Course", id: $id }]) {
    ... on Course {
      viewerEnrollment {
        status completedAt
        progress { percentage completedLessons totalLessons answeredProblems correctProblems totalProblems revision }
      }
    }
  }
}`;

interface Standing {
  readonly status: string;
  readonly completedAt: string | null;
  readonly progress: Parameters<typeof percentageOf>[0] & { readonly percentage: number; readonly revision: number };
}

async function standingOf(learner: Learner, { courseId }: Outline): Promise<Standing> {
  const { _entities } = await learner.query<{ _entities: { viewerEnrollment: Standing }[] }>(enrollment, {
    id: courseId,
  });
  return _entities[0]!.viewerEnrollment;
}

async function titlesOn(progress: Progress, shard: string): Promise<string[]> {
  const url = progress.tenant.databaseUrl('progress', shard);
  return (await sql<{ title: string }>(url, 'SELECT title FROM outline_lesson ORDER BY position')).map(
    (row) => row.title,
  );
}

it('an outline from the log reaches every shard', async () => {
  await using progress = await openProgress({ consuming: true });
  const outline = outlineOf(3, [choice]);
  await progress.announce(outline);
  for (const shard of ['s1', 's2'] as const) {
    await eventually(async () => expect(await titlesOn(progress, shard)).toEqual(['Lesson 1', 'Lesson 2', 'Lesson 3']));
    expect(await (await progress.learner(shard)).query(enroll, { id: outline.courseId })).toMatchObject({
      enroll: { status: 'ACTIVE' },
    });
  }
});

it('an older outline never replaces a newer one', async () => {
  await using progress = await openProgress({ consuming: true });
  const newer = { ...outlineOf(3), revision: 5 };
  const older = { ...outlineOf(1, [], newer.courseId), revision: 4 };
  const last = outlineOf(1);
  for (const outline of [newer, older, newer, last]) await progress.announce(outline);
  // The log is read in order: once the last is there, the others have been handled.
  await eventually(async () => {
    for (const shard of ['s1', 's2']) {
      const url = progress.tenant.databaseUrl('progress', shard);
      const known = await sql(url, 'SELECT revision, lesson_count FROM outline_course ORDER BY revision');
      expect(known).toEqual([
        { revision: 1, lesson_count: 1 },
        { revision: 5, lesson_count: 3 },
      ]);
    }
  });
});

it('a shard that is away gets the outline when it is back', async () => {
  await using progress = await openProgress({ consuming: true });
  const url = new URL(progress.tenant.databaseUrl('progress', 's2'));
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const allow = (whether: boolean) => sql(url.href, `ALTER DATABASE ${name} ALLOW_CONNECTIONS ${whether}`);
  await allow(false);
  await sql(url.href, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
  try {
    await progress.announce(outlineOf(2));
    await eventually(async () => expect(await titlesOn(progress, 's1')).toHaveLength(2));
  } finally {
    await allow(true);
  }
  await eventually(async () => expect(await titlesOn(progress, 's2')).toHaveLength(2));
});

it('of two revisions written at the same moment the newer one stays', async () => {
  await using progress = await openProgress();
  const revisions = Array.from({ length: 6 }, (_, index) => index + 1);
  const courseId = newId(7);
  const outlines = revisions.map((revision) => ({ ...outlineOf(revision, [], courseId), revision }));
  await Promise.all(outlines.toReversed().map((outline) => progress.publish(outline)));
  for (const shard of ['s1', 's2']) {
    const url = progress.tenant.databaseUrl('progress', shard);
    expect(await sql(url, 'SELECT revision, lesson_count FROM outline_course')).toEqual([
      { revision: 6, lesson_count: 6 },
    ]);
    expect(await titlesOn(progress, shard)).toHaveLength(6);
  }
});

it('a course that changes is counted again for all who are in it', async () => {
  await using progress = await openProgress();
  const before = outlineOf(3, [choice, number]);
  await progress.publish(before);
  const [done, partly] = [await progress.learner('s1'), await progress.learner('s2')];
  for (const learner of [done, partly]) await learner.query(enroll, { id: before.courseId });
  for (const { lessonId } of before.lessons) await done.query(complete, { id: lessonId });
  const [first, second] = before.lessons.map((lesson) => lesson.problems[0]?.problemId);
  await done.query(answer, { input: { problemId: first, choiceIds: ['b'] } });
  await done.query(answer, { input: { problemId: second, response: '42' } });
  await partly.query(complete, { id: before.lessons[2]!.lessonId });
  const completed = await standingOf(done, before);
  expect(completed).toMatchObject({ status: 'COMPLETED', progress: { percentage: 100, correctProblems: 1 } });

  const [added] = outlineOf(1).lessons;
  await progress.publish({ ...before, revision: 2, lessons: [...before.lessons.slice(0, 2), added!] });
  const grown = await standingOf(done, before);
  expect(grown).toMatchObject({
    status: 'ACTIVE',
    completedAt: completed.completedAt,
    progress: { completedLessons: 2, totalLessons: 3, answeredProblems: 2, correctProblems: 1, totalProblems: 2 },
  });
  expect(grown.progress.percentage).toBe(percentageOf(grown.progress));
  expect(grown.progress.revision).toBe(completed.progress.revision + 1);
  expect((await standingOf(partly, before)).progress).toMatchObject({ completedLessons: 0, percentage: 0 });

  await progress.publish({ ...before, revision: 3, lessons: before.lessons.slice(0, 2) });
  expect(await standingOf(done, before)).toMatchObject({ status: 'COMPLETED', progress: { percentage: 100 } });
});

it('a change of words alone changes no progress', async () => {
  await using progress = await openProgress();
  const outline = outlineOf(2, [number]);
  await progress.publish(outline);
  const learner = await progress.learner();
  await learner.query(enroll, { id: outline.courseId });
  const before = await standingOf(learner, outline);
  const lessons = outline.lessons.map((lesson) => ({ ...lesson, title: `${lesson.title}, revised` }));
  await progress.publish({ ...outline, revision: 2, lessons });
  expect(await titlesOn(progress, 's1')).toEqual(['Lesson 1, revised', 'Lesson 2, revised']);
  expect(await standingOf(learner, outline)).toEqual(before);
});

it('a withdrawn course takes no new learner, and those it has go on', async () => {
  await using progress = await openProgress();
  const outline = outlineOf(2);
  await progress.publish(outline);
  const [inside, outside] = [await progress.learner(), await progress.learner()];
  await inside.query(enroll, { id: outline.courseId });
  await progress.publish({ ...outline, revision: 2, available: false, lessons: [] });
  const refused = { enroll: { __typename: 'CourseNotAvailable' } };
  expect(await outside.query(enroll, { id: outline.courseId })).toEqual(refused);
  expect(await outside.query(enroll, { id: newId(7) })).toEqual(refused);
  expect(await inside.query(enroll, { id: outline.courseId })).toMatchObject({ enroll: { status: 'ACTIVE' } });
  expect(await inside.query(complete, { id: outline.lessons[0]!.lessonId })).toEqual({
    completeLesson: { percentage: 50 },
  });
});
