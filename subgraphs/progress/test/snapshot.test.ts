/**
 * Live progress that begins with how it stands: no change is missing in between, and none is told twice.
 */
import { eventually } from '@lyceum/testing';
import { expect, it } from 'vitest';
import { type Following, follow } from './follow.ts';
import { type Learner, openProgress, outlineOf } from './progress.ts';

const enroll = 'mutation ($id: ID!) { enroll(courseId: $id) { __typename } }';
const complete = 'mutation ($id: ID!) { completeLesson(lessonId: $id) { percentage } }';
const withdraw = 'mutation ($id: ID!) { withdraw(courseId: $id) { id } }';
const updates = `subscription ($courseId: ID, $snapshot: Boolean! = true) {
  progressUpdated(courseId: $courseId, snapshot: $snapshot) {
    reason
    learner { id }
    course { id }
    lesson { id }
    progress { percentage completedLessons totalLessons revision }
  }
}`;

interface Update {
  readonly progressUpdated: { readonly reason: string; readonly progress: { readonly revision: number } };
}
const followed = (learner: Learner, courseId: string, cursor?: string) =>
  follow<Update>(learner, updates, { courseId }, cursor);
const told = ({ messages }: Following<Update>) =>
  messages.flatMap(({ data }) => (data ? [data.progressUpdated] : [])).map((update) => update);
const revisions = (following: Following<Update>) => told(following).map(({ progress }) => progress.revision);

it('a snapshot comes first, then each change behind it, whenever one subscribes', async () => {
  await using progress = await openProgress();
  const outline = outlineOf(20);
  const { courseId } = outline;
  await progress.publish(outline);
  const learner = await progress.learner('s2');
  await learner.query(enroll, { id: courseId });
  // Subscribers come while changes are committed and sent, so that some begin between a commit and its event.
  const followers: Following<Update>[] = [];
  for (const { lessonId } of outline.lessons) {
    const change = learner.query(complete, { id: lessonId }).then(() => progress.relay());
    followers.push(followed(learner, courseId));
    await change;
  }
  await eventually(() => followers.every((follower) => revisions(follower).at(-1) === 21));
  for (const follower of followers) {
    const [first, ...later] = told(follower);
    expect(first).toMatchObject({
      reason: 'SNAPSHOT',
      learner: { id: learner.id },
      course: { id: courseId },
      lesson: null,
      progress: { totalLessons: 20 },
    });
    expect(later.map(({ reason }) => reason)).toEqual(later.map(() => 'LESSON_COMPLETED'));
    const begin = first!.progress.revision;
    expect(revisions(follower)).toEqual(later.reduce((all) => [...all, begin + all.length], [begin]));
  }
});

it('the cursor comes behind the snapshot, and who brings it back gets no other', async () => {
  await using progress = await openProgress();
  const outline = outlineOf(3);
  const { courseId } = outline;
  await progress.publish(outline);
  const learner = await progress.learner();
  await learner.query(enroll, { id: courseId });
  await progress.relay();
  const first = followed(learner, courseId);
  await eventually(() => first.messages.length === 2);
  expect(first.messages).toMatchObject([
    { data: { progressUpdated: { reason: 'SNAPSHOT' } } },
    { extensions: { cursor: expect.any(String) } },
  ]);
  await learner.query(complete, { id: outline.lessons[0]!.lessonId });
  await progress.relay();
  const second = followed(learner, courseId, first.messages[1]!.extensions!.cursor);
  await eventually(() => second.messages.length === 2);
  expect(told(second).map(({ reason }) => reason)).toEqual(['LESSON_COMPLETED']);
});

it('there is no snapshot for who is not enrolled or has left, and the first change comes all the same', async () => {
  await using progress = await openProgress();
  const outline = outlineOf(3);
  const { courseId } = outline;
  await progress.publish(outline);
  const learner = await progress.learner();
  const outside = followed(learner, courseId);
  await eventually(() => outside.messages.length === 1);
  await learner.query(enroll, { id: courseId });
  await progress.relay();
  await eventually(() => outside.messages.length === 2);
  expect(told(outside).map(({ reason }) => reason)).toEqual(['ENROLLED']);

  await learner.query(withdraw, { id: courseId });
  const left = followed(learner, courseId);
  await eventually(() => left.messages.length === 1);
  await learner.query(enroll, { id: courseId });
  await progress.relay();
  await eventually(() => left.messages.length === 2);
  expect(told(left)).toMatchObject([{ reason: 'ENROLLED', progress: { revision: 2 } }]);
});

it('a snapshot of no course names the argument that is missing', async () => {
  await using progress = await openProgress();
  const learner = await progress.learner();
  const { messages } = follow<Update>(learner, updates, {});
  await eventually(() => messages.length === 1);
  expect(messages[0]?.errors?.[0]?.extensions).toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { argument: 'courseId' },
  });
  await expect((await progress.anonymous()).subscribe(updates, {}).next()).rejects.toThrow('UNAUTHENTICATED');
});
