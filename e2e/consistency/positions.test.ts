/**
 * What an operation has committed, and what an event tells of, is read by every fetch that follows, for whomever it asks,
 * although every replica stands still and Redis knows nothing of it.
 */
import { randomUUID } from 'node:crypto';
import { CourseActivity, type EventDefinition, type PayloadOf, ProgressUpdated } from '@lyceum/contracts';
import { demoAccounts, demoPassword, newId } from '@lyceum/database';
import { closeRedis, connectRedis, createLogger, createRedisKeys, publishEnvelope } from '@lyceum/service-kit';
import { type GraphClient, graphClient, laggingReplica, type ServiceProcess, sql, startService } from '@lyceum/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { CourseActivityDocument, ProgressUpdatedDocument } from '../__generated__/operations.ts';
import { type Course, readCourse } from '../support/course.ts';
import { signUp } from '../support/person.ts';
import { openWorld, type World } from '../support/world.ts';

const log = createLogger('test', { level: 'silent' });
let world: World;
let course: Course;
/** The first shard holds the first course. */
let shardUrl: string;
let courses: ServiceProcess | undefined;
let takeAway = async () => {};

beforeAll(async () => {
  world = await openWorld({ seed: true });
  course = await readCourse(world.gatewayUrl);
  shardUrl = await shardOf(course.id);
  const forgetful = await forgetfulRedis(world.tenant.env.REDIS_URL!);
  takeAway = forgetful.remove;
  const { port } = world.stack.services.courses;
  await world.stack.services.courses.stop();
  courses = await startService('courses', { ...world.stack.env, REDIS_URL: forgetful.url }, { port });
});
afterAll(async () => {
  await courses?.stop();
  await takeAway();
  await world?.[Symbol.asyncDispose]();
});

const urlsOfCourses = () => ['s1', 's2'].map((shard) => world.tenant.databaseUrl('courses', shard));
async function shardOf(id: string): Promise<string> {
  for (const url of urlsOfCourses()) {
    if ((await sql(url, 'SELECT 1 FROM course WHERE id = $1', [id])).length > 0) return url;
  }
  throw new Error('No shard has the course.');
}

/** Keeps no positions: viewers' positions are written by scripts, and this user may run none. All else is as ever. */
async function forgetfulRedis(url: string): Promise<{ url: string; remove(): Promise<void> }> {
  const [name, secret] = [`forgetful-${randomUUID()}`, randomUUID()];
  const redis = await connectRedis(url, 'cache', { log });
  await redis.call('ACL', 'SETUSER', name, 'on', `>${secret}`, '~*', '&*', '+@all', '-eval');
  const own = new URL(url);
  own.username = name;
  own.password = secret;
  const remove = async () => {
    await redis.call('ACL', 'DELUSER', name);
    await closeRedis(redis);
  };
  return { url: own.href, remove };
}

async function signInAsAdmin(): Promise<GraphClient> {
  const { signIn } = await graphClient(world.gatewayUrl).query<{ signIn: { accessToken: string } }>(
    'mutation ($input: SignInInput!) { signIn(input: $input) { ... on Session { accessToken } } }',
    { input: { email: demoAccounts.admin.email, password: demoPassword } },
  );
  return graphClient(world.gatewayUrl, { token: signIn.accessToken });
}

async function holdReplicas(): Promise<void> {
  await world.tenant.replicasCaughtUp();
  for (const shard of ['s1', 's2']) {
    const lagging = await laggingReplica(shard);
    onTestFinished(() => lagging.resume());
  }
}

const TITLE = 'query ($id: ID!) { course(id: $id) { title } }';

test('a mutation’s answer that later fetches complete shows the write, although nobody kept that it was made', async () => {
  const admin = await signInAsAdmin();
  await holdReplicas();
  const title = `Renamed by a mutation ${randomUUID()}`;
  const { updateCourse, enroll } = await admin.query<{ updateCourse: object; enroll: object }>(
    `mutation ($id: ID!, $title: String!) {
      updateCourse(input: { courseId: $id, title: $title }) { id }
      enroll(courseId: $id) { ... on Enrollment { course { title } } }
    }`,
    { id: course.id, title },
  );
  expect(updateCourse).toEqual({ id: course.id });
  expect(enroll).toEqual({ course: { title } });
  // Another operation of the same person is answered by a replica: the mutation's own answer did not come from Redis.
  expect(await admin.query(TITLE, { id: course.id })).not.toEqual({ course: { title } });
});

async function openPublisher() {
  const redis = await connectRedis(world.tenant.env.REDIS_URL!, 'publisher', { log });
  onTestFinished(() => closeRedis(redis));
  const keys = createRedisKeys(world.tenant.id);
  return async <E extends EventDefinition>(
    { name, version, key }: E,
    payload: PayloadOf<E>,
    positions: Record<string, string>,
  ) => {
    const occurredAt = new Date().toISOString();
    const envelope = { id: newId(0), name, version, key: key(payload), occurredAt, positions, payload };
    await publishEnvelope(redis, keys, envelope, 'live');
  };
}

/** Past every service: what it returns is known to nobody. */
async function renameUnseen(title: string): Promise<Record<string, string>> {
  await sql(shardUrl, 'UPDATE course SET title = $2 WHERE id = $1', [course.id, title]);
  const [at] = await sql<{ lsn: string }>(shardUrl, 'SELECT pg_current_wal_insert_lsn()::text AS lsn');
  const position = at!.lsn
    .split('/')
    .map((half) => half.padStart(8, '0'))
    .join('/');
  const shard = shardUrl === world.tenant.databaseUrl('courses', 's1') ? 's1' : 's2';
  return { [`courses/${shard}`]: position };
}

test('the enrichment of an event shows what the event tells of, for listeners who are nobody in particular', async () => {
  const publish = await openPublisher();
  const tell = (positions: Record<string, string>) =>
    publish(CourseActivity, { courseId: course.id, kind: 'ENROLLED', lessonId: null }, positions);
  const reader = graphClient(world.gatewayUrl);
  const before = await reader.query<{ course: { title: string } }>(TITLE, { id: course.id });
  const activity = reader.resume(CourseActivityDocument, { courseId: course.id }, null);
  onTestFinished(async () => void (await activity.return()));
  expect((await activity.next()).value?.extensions).toHaveProperty('cursor');
  await holdReplicas();

  const title = `Renamed before an event ${randomUUID()}`;
  await tell(await renameUnseen(title));
  const told = (await activity.next()).value;
  expect(told).toMatchObject({ data: { courseActivity: { course: { title } } } });
  expect(Object.keys(told?.extensions ?? {})).toEqual(['cursor']);
  // One that knows nothing of the change is completed by a replica.
  await tell({});
  const other = (await activity.next()).value;
  expect(other?.data?.courseActivity.course?.title).not.toBe(title);
  expect(before.course.title).not.toBe(title);
});

test('who has been told by an event reads nothing older in the next request, although its cause kept no positions', async () => {
  const publish = await openPublisher();
  const learner = await signUp(world.gatewayUrl, 'Lina');
  const updates = learner.resume(ProgressUpdatedDocument, { courseId: course.id }, null);
  onTestFinished(async () => void (await updates.return()));
  expect((await updates.next()).value?.extensions).toHaveProperty('cursor');
  await holdReplicas();

  const title = `Renamed before a person was told ${randomUUID()}`;
  const none = { completedLessons: 0, totalLessons: 1, answeredProblems: 0, correctProblems: 0, totalProblems: 0 };
  const of = { learnerId: learner.id, courseId: course.id, enrollmentId: newId(0), lessonId: null, ...none };
  const payload = { ...of, reason: 'ENROLLED', percentage: 0, revision: 1 } as const;
  await publish(ProgressUpdated, payload, await renameUnseen(title));
  expect((await updates.next()).value).toMatchObject({ data: { progressUpdated: { course: { title } } } });
  expect(await learner.query(TITLE, { id: course.id })).toEqual({ course: { title } });
  // Who was told nothing is answered by a replica.
  expect(await graphClient(world.gatewayUrl).query(TITLE, { id: course.id })).not.toEqual({ course: { title } });
});
