/**
 * A leaderboard that is followed: as it is, then as it changes, and never more often than anybody can read.
 */
import { eventually, fixedClock } from '@lyceum/testing';
import { expect, it } from 'vitest';
import { type Following, follow } from './follow.ts';
import { type Learner, type Outline, openProgress, outlineOf } from './progress.ts';

const enroll = 'mutation ($id: ID!) { enroll(courseId: $id) { __typename } }';
const complete = 'mutation ($id: ID!) { completeLesson(lessonId: $id) { percentage } }';
const changes = `subscription ($courseId: ID!, $window: LeaderboardWindow! = WEEKLY) {
  leaderboardChanged(courseId: $courseId, window: $window) {
    course { id } window since
    entries { rank points learner { id } }
  }
}`;

interface Change {
  readonly leaderboardChanged: {
    readonly since: string | null;
    readonly entries: { readonly rank: number; readonly points: number; readonly learner: { readonly id: string } }[];
  };
}
const boards = ({ messages }: Following<Change>) =>
  messages.flatMap(({ data }) => (data ? [data.leaderboardChanged] : []));
const latest = (following: Following<Change>) =>
  boards(following)
    .at(-1)
    ?.entries.map(({ points, learner }) => [points, learner.id]);

async function study(learner: Learner, outline: Outline, from: number, to: number): Promise<void> {
  await learner.query(enroll, { id: outline.courseId });
  for (const { lessonId } of outline.lessons.slice(from, to)) await learner.query(complete, { id: lessonId });
}

it('begins with the board as it is, shows the last state, and tells a burst of changes in a few boards', async () => {
  await using progress = await openProgress({ consuming: true });
  const outline = outlineOf(20);
  const { courseId } = outline;
  await progress.publish(outline);
  const [one, two] = [await progress.learner('s1'), await progress.learner('s2')];
  await study(one, outline, 0, 1);
  await progress.relay();
  await progress.tenant.replicasCaughtUp();

  const anonymous = await progress.anonymous();
  const followers = Array.from({ length: 5 }, () => follow<Change>(anonymous, changes, { courseId }));
  await eventually(() => followers.every(({ messages }) => messages.length >= 2));
  for (const { messages } of followers) {
    expect(messages.slice(0, 2)).toMatchObject([
      {
        data: {
          leaderboardChanged: {
            course: { id: courseId },
            window: 'WEEKLY',
            entries: [{ rank: 1, points: 10, learner: { id: one.id } }],
          },
        },
      },
      { extensions: { cursor: expect.any(String) } },
    ]);
  }
  const begun = performance.now();
  for (let lesson = 0; lesson < 15; lesson += 1) {
    await study(two, outline, lesson, lesson + 1);
    await progress.relay();
  }
  const last = [
    [150, two.id],
    [10, one.id],
  ];
  await eventually(() => expect(followers.map(latest)).toEqual(followers.map(() => last)));
  const halfSeconds = (performance.now() - begun) / 500;
  for (const follower of followers) {
    const [, ...changed] = boards(follower);
    expect(changed.length).toBeLessThanOrEqual(Math.ceil(halfSeconds) + 1);
    const points = changed.map(({ entries }) => entries[0]!.points);
    expect(points).toEqual(points.toSorted((a, b) => a - b));
    expect(new Set(points).size).toBe(points.length);
  }
});

it('who comes back with a cursor gets the board that has changed meanwhile', async () => {
  await using progress = await openProgress({ consuming: true });
  const outline = outlineOf(3);
  const { courseId } = outline;
  await progress.publish(outline);
  const anonymous = await progress.anonymous();
  const first = follow<Change>(anonymous, changes, { courseId });
  await eventually(() => first.messages.length === 2);
  expect(boards(first)).toMatchObject([{ entries: [] }]);
  const learner = await progress.learner();
  await study(learner, outline, 0, 2);
  await progress.relay();
  const second = follow<Change>(anonymous, changes, { courseId }, first.messages[1]!.extensions!.cursor);
  await eventually(() => expect(latest(second)).toEqual([[20, learner.id]]));
});

it('a day that ends empties its board, though nothing was done', async () => {
  const clock = fixedClock('2026-11-21T23:59:00Z');
  await using progress = await openProgress({ clock });
  const outline = outlineOf(1);
  await progress.publish(outline);
  await study(await progress.learner(), outline, 0, 1);
  await progress.tenant.replicasCaughtUp();
  const reader = await progress.anonymous();
  const following = follow<Change>(reader, changes, { courseId: outline.courseId, window: 'DAILY' });
  await eventually(() => boards(following).length === 1);
  clock.set('2026-11-22T00:00:00Z');
  await eventually(() => expect(boards(following)).toHaveLength(2));
  expect(boards(following)).toMatchObject([
    { since: '2026-11-21', entries: [{ points: 60 }] },
    { since: '2026-11-22', entries: [] },
  ]);
});
