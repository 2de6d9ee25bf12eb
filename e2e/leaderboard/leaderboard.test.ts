/**
 * A course as its visitors see it live: what is done there, by nobody in particular, and who leads.
 */
import { eventually, graphClient, type Message } from '@lyceum/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  CompleteLessonDocument,
  CourseActivityDocument,
  LeaderboardChangedDocument,
  LeaderboardDocument,
} from '../__generated__/operations.ts';
import { type Course, lessonsOf, readCourse } from '../support/course.ts';
import { enroll, type Person, signUp } from '../support/person.ts';
import { openWorld, type World } from '../support/world.ts';

let world: World;
let course: Course;
let lessonIds: string[];

beforeAll(async () => {
  world = await openWorld({ seed: true });
  course = await readCourse(world.gatewayUrl);
  lessonIds = lessonsOf(course).map(({ id }) => id);
});
afterAll(() => world?.[Symbol.asyncDispose]());

const complete = (learner: Person, at: number) => learner.query(CompleteLessonDocument, { lessonId: lessonIds[at]! });

test('visitors without an account see what is done and who leads, and learners where they stand', async () => {
  const visitor = graphClient(world.gatewayUrl);
  const variables = { courseId: course.id };
  const board = collect(visitor.resume(LeaderboardChangedDocument, variables, null));
  const activity = collect(visitor.resume(CourseActivityDocument, variables, null));
  const cursor = { extensions: { cursor: expect.any(String) } };
  const empty = { data: { leaderboardChanged: { course: { title: course.title }, entries: [] } } };
  await eventually(() => expect({ board, activity }).toEqual({ board: [empty, cursor], activity: [cursor] }));

  const [amina, bilal] = await Promise.all([signUp(world.gatewayUrl, 'Amina'), signUp(world.gatewayUrl, 'Bilal')]);
  for (const learner of [amina, bilal]) await enroll(learner, course.id);
  await complete(amina, 0);
  await complete(bilal, 0);
  await complete(bilal, 1);

  const leaders = [
    { rank: 1, points: 20, learner: { id: bilal.id, displayName: 'Bilal' } },
    { rank: 2, points: 10, learner: { id: amina.id, displayName: 'Amina' } },
  ];
  await eventually(() => expect(board.at(-1)?.data?.leaderboardChanged.entries).toEqual(leaders));
  await eventually(() => expect(activity).toHaveLength(6));
  const heard = activity.slice(1).map(({ data }) => data!.courseActivity);
  expect(heard.filter(({ kind }) => kind === 'ENROLLED')).toHaveLength(2);
  const done = heard.filter(({ kind }) => kind === 'LESSON_COMPLETED').map(({ lesson }) => lesson?.id);
  expect(done.toSorted()).toEqual([lessonIds[0], lessonIds[0], lessonIds[1]].toSorted());
  expect(heard.every((each) => each.course?.title === course.title)).toBe(true);
  for (const { id } of [amina, bilal]) expect(JSON.stringify(activity)).not.toContain(id);

  const standing = { rank: 2, points: 10, neighbours: [{ rank: 1 }, { rank: 2 }] };
  const shown = {
    leaderboard: { entries: leaders.map(({ learner: { id: _, ...named }, ...e }) => ({ ...e, learner: named })) },
  };
  await eventually(async () => {
    const { course: seen } = await amina.query(LeaderboardDocument, { id: course.id, window: 'WEEKLY' });
    expect(seen).toMatchObject({ ...shown, viewerStanding: standing });
  });
  expect(await visitor.query(LeaderboardDocument, { id: course.id, window: 'ALL_TIME' })).toMatchObject({
    course: { ...shown, viewerStanding: null },
  });
});

function collect<Data>(source: AsyncGenerator<Message<Data>, void>): readonly Message<Data>[] {
  const messages: Message<Data>[] = [];
  onTestFinished(() => void source.return());
  const read = async () => {
    for await (const message of source) messages.push(message);
  };
  read().catch(() => {});
  return messages;
}
