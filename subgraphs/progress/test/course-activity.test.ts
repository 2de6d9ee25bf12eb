/**
 * What is done in a course, for many listeners who need no account.
 */
import { CourseActivity } from '@lyceum/contracts';
import { newId } from '@lyceum/database';
import { eventually } from '@lyceum/testing';
import { expect, it } from 'vitest';
import { follow } from './follow.ts';
import { number, openProgress, outlineOf } from './progress.ts';

const enroll = 'mutation ($id: ID!) { enroll(courseId: $id) { __typename } }';
const start = 'mutation ($id: ID!) { startLesson(lessonId: $id) { state } }';
const complete = 'mutation ($id: ID!) { completeLesson(lessonId: $id) { percentage } }';
const answer = 'mutation ($input: AnswerProblemInput!) { answerProblem(input: $input) { attempt { id } } }';
const activity = `subscription ($courseId: ID!) {
  courseActivity(courseId: $courseId) { kind occurredAt course { id } lesson { id } }
}`;

interface Activity {
  readonly courseActivity: { readonly kind: string; readonly occurredAt: string; readonly lesson: object | null };
}

it('anonymous may follow a course, hears each thing that learners of any shard do, and never who', async () => {
  await using progress = await openProgress();
  const outline = outlineOf(1, [number]);
  const { courseId } = outline;
  const other = outlineOf(1);
  for (const each of [outline, other]) await progress.publish(each);
  const { messages } = follow<Activity>(await progress.anonymous(), activity, { courseId });
  await eventually(() => messages.length === 1);
  expect(messages).toEqual([{ extensions: { cursor: expect.any(String) } }]);

  const [one, two] = [await progress.learner('s1'), await progress.learner('s2')];
  const id = outline.lessons[0]!.lessonId;
  const { problemId } = outline.lessons[0]!.problems[0]!;
  await one.query(enroll, { id: courseId });
  await one.query(enroll, { id: other.courseId });
  await one.query(start, { id });
  await one.query(start, { id });
  await one.query(complete, { id });
  await one.query(answer, { input: { problemId, response: '42' } });
  await progress.relay();
  await two.query(enroll, { id: courseId });
  await progress.relay();

  const kinds = ['ENROLLED', 'LESSON_STARTED', 'LESSON_COMPLETED', 'PROBLEM_ANSWERED', 'COURSE_COMPLETED', 'ENROLLED'];
  await eventually(() => messages.length === 1 + kinds.length);
  const heard = messages.slice(1).map(({ data }) => data!.courseActivity);
  const ofLesson = ['LESSON_STARTED', 'LESSON_COMPLETED', 'PROBLEM_ANSWERED'];
  expect(heard).toEqual(
    kinds.map((kind) => ({
      kind,
      occurredAt: expect.any(String),
      course: { id: courseId },
      lesson: ofLesson.includes(kind) ? { id } : null,
    })),
  );
  // Nor could anybody who sees the stream itself tell.
  const stream = await progress.redis.xrange(progress.keys.liveStream(CourseActivity.name, courseId), '-', '+');
  expect(stream).toHaveLength(kinds.length);
  for (const learner of [one, two]) expect(JSON.stringify(stream)).not.toContain(learner.id);
});

it('who comes back with a cursor hears what was done meanwhile', async () => {
  await using progress = await openProgress();
  const outline = outlineOf(2);
  const { courseId } = outline;
  await progress.publish(outline);
  const anonymous = await progress.anonymous();
  const first = follow<Activity>(anonymous, activity, { courseId });
  await eventually(() => first.messages.length === 1);
  const learner = await progress.learner();
  await learner.query(enroll, { id: courseId });
  await progress.relay();
  const second = follow<Activity>(anonymous, activity, { courseId }, first.messages[0]!.extensions!.cursor);
  await eventually(() => second.messages.length > 0);
  expect(second.messages[0]).toMatchObject({ data: { courseActivity: { kind: 'ENROLLED' } } });
});

it('a course that does not exist or is not published is refused', async () => {
  await using progress = await openProgress();
  const withdrawn = outlineOf(1);
  await progress.publish(withdrawn);
  await progress.publish({ ...withdrawn, revision: 2, available: false, lessons: [] });
  const reader = await progress.anonymous();
  for (const courseId of [newId(7), 'no id', withdrawn.courseId]) {
    await expect(reader.subscribe(activity, { courseId }).next()).rejects.toThrow('COURSE_NOT_FOUND');
    const board = 'subscription ($courseId: ID!) { leaderboardChanged(courseId: $courseId) { since } }';
    await expect(reader.subscribe(board, { courseId }).next()).rejects.toThrow('COURSE_NOT_FOUND');
  }
});
