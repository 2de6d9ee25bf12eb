/**
 * A learner who completes a course is told so, once, wherever the learner looks; nobody else is.
 */
import { AiJobFinished, CourseCompleted, NotificationCreated } from '@lyceum/contracts';
import { closeRedis, connectRedis, createLogger, createRedisKeys, type Redis } from '@lyceum/service-kit';
import { eventually } from '@lyceum/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  AnswerProblemDocument,
  CompleteLessonDocument,
  GenerateQuizDocument,
  MarkAllNotificationsReadDocument,
  MarkNotificationReadDocument,
  NotificationReceivedDocument,
  type NotificationReceivedSubscription,
  NotificationsDocument,
} from '../__generated__/operations.ts';
import { type Course, lessonsOf, readCourse } from '../support/course.ts';
import { enroll, type Person, signUp } from '../support/person.ts';
import { untilListening } from '../support/until-listening.ts';
import { openWorld, type World } from '../support/world.ts';

type Notification = NotificationReceivedSubscription['notificationReceived'];

let world: World;
let course: Course;
let redis: Redis;

beforeAll(async () => {
  world = await openWorld({ seed: true });
  course = await readCourse(world.gatewayUrl);
  redis = await connectRedis(world.tenant.env.REDIS_URL!, 'cache', { log: createLogger('e2e') });
});
afterAll(async () => {
  if (redis) await closeRedis(redis);
  await world?.[Symbol.asyncDispose]();
});

test('completing a course makes one notification, seen live and in the list, also when the event is delivered twice', async () => {
  const [learner, other] = await Promise.all([signUp(world.gatewayUrl, 'Farah'), signUp(world.gatewayUrl, 'Goran')]);
  const [live, elsewhere] = await Promise.all([follow(learner), follow(other)]);
  await enroll(learner, course.id);
  await complete(learner);
  await eventually(() => live.length === 1, { timeoutMs: 30_000 });
  await deliverAgain(CourseCompleted.name);
  await askForQuiz(learner);
  await eventually(() => live.length === 2, { timeoutMs: 30_000 });
  await deliverAgain(AiJobFinished.name);

  expect(live).toMatchObject([
    { kind: 'COURSE_COMPLETED', aiJob: null, readAt: null, course: { id: course.id, title: course.title } },
    { kind: 'AI_JOB_FINISHED', aiJob: { state: 'SUCCEEDED' }, readAt: null, course: null },
  ]);
  // What is read beside the notification is never older than what it tells.
  expect(live[0]?.course?.viewerEnrollment?.status).toBe('COMPLETED');

  const { user } = await learner.query(NotificationsDocument, { id: learner.id });
  expect(user?.unreadNotificationCount).toBe(2);
  expect(user?.notifications.edges.map(({ node }) => node)).toEqual(live.toReversed());

  const hidden = { user: { unreadNotificationCount: 0, notifications: { edges: [] } } };
  expect(await other.query(NotificationsDocument, { id: learner.id })).toMatchObject(hidden);
  expect(await other.query(NotificationsDocument, { id: other.id })).toMatchObject(hidden);
  expect(elsewhere).toEqual([]);
});

test('what a learner has read stays read, and nobody else can mark it', async () => {
  const [learner, other] = await Promise.all([signUp(world.gatewayUrl, 'Hana'), signUp(world.gatewayUrl, 'Ivo')]);
  await enroll(learner, course.id);
  await complete(learner);
  const listing = async () => (await learner.query(NotificationsDocument, { id: learner.id })).user!;
  const [told] = await eventually(async () => {
    const { edges } = (await listing()).notifications;
    expect(edges).toHaveLength(1);
    return edges.map(({ node }) => node);
  });

  await expect(other.query(MarkNotificationReadDocument, { id: told!.id })).rejects.toThrow('NOTIFICATION_NOT_FOUND');
  await other.query(MarkAllNotificationsReadDocument);
  expect((await listing()).unreadNotificationCount).toBe(1);

  const { markNotificationRead: marked } = await learner.query(MarkNotificationReadDocument, { id: told!.id });
  expect(marked.readAt).not.toBeNull();
  const read = await listing();
  expect(read.unreadNotificationCount).toBe(0);
  expect(read.notifications.edges[0]?.node.readAt).toBe(marked.readAt);
  expect(await learner.query(MarkAllNotificationsReadDocument)).toEqual({ markAllNotificationsRead: 0 });
});

/** Collects what a person is told from now on. */
async function follow(person: Person): Promise<Notification[]> {
  const told: Notification[] = [];
  const events = person.subscribe(NotificationReceivedDocument);
  onTestFinished(() => void events.return());
  const read = async () => {
    for await (const { notificationReceived } of events) told.push(notificationReceived);
  };
  read().catch(() => {});
  await untilListening(world.tenant.env, NotificationCreated, person.id);
  return told;
}

async function complete(learner: Person): Promise<void> {
  const lessons = lessonsOf(course);
  for (const { id } of lessons) await learner.query(CompleteLessonDocument, { lessonId: id });
  for (const block of lessons.flatMap(({ blocks }) => blocks)) {
    if (block.__typename !== 'ProblemBlock' || !block.gradable) continue;
    const answer = block.choices.length > 0 ? { choiceIds: [block.choices[0]!.id] } : { response: '1' };
    await learner.query(AnswerProblemDocument, { input: { problemId: block.id, ...answer } });
  }
}

async function askForQuiz(learner: Person): Promise<void> {
  const lessonId = lessonsOf(course).toSorted((a, b) => b.plainText.length - a.plainText.length)[0]!.id;
  const { generateQuiz } = await learner.query(GenerateQuizDocument, { input: { lessonId, questionCount: 2 } });
  expect(generateQuiz.__typename).toBe('AiJob');
}

/** What the log holds, once more, as a relay does that died between publishing and remembering it; waits until it was handled. */
async function deliverAgain(event: string): Promise<void> {
  const stream = createRedisKeys(world.tenant.env.REDIS_PREFIX!).logStream(event);
  let last = '';
  for (const [, fields] of await redis.xrange(stream, '-', '+'))
    last = String(await redis.xadd(stream, '*', ...fields));
  await eventually(async () => {
    const [, delivered] = await groupOf(stream);
    return delivered === last;
  });
  await eventually(async () => (await groupOf(stream))[0] === 0);
}

/** How many entries the group has begun and not finished, and the last that it began. */
async function groupOf(stream: string): Promise<readonly [pending: number, lastDelivered: string]> {
  const [group] = (await redis.xinfo('GROUPS', stream)) as [(string | number)[]];
  const fieldOf = (name: string) => group[group.indexOf(name) + 1];
  return [Number(fieldOf('pending')), String(fieldOf('last-delivered-id'))];
}
