/**
 * Rows lie where their ids say, replicas serve reads, and whoever wrote reads the write, whatever the replicas know.
 */
import { bucketOf } from '@lyceum/database';
import { graphClient, laggingReplica, sql } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  CatalogueDocument,
  CompleteLessonDocument,
  CourseProgressDocument,
  MeDocument,
  RenameDocument,
} from '../__generated__/operations.ts';
import { type Course, readCourse } from '../support/course.ts';
import { enroll, signUp } from '../support/person.ts';
import { openWorld, type World } from '../support/world.ts';

let world: World;
let course: Course;

beforeAll(async () => {
  world = await openWorld({ seed: true });
  course = await readCourse(world.gatewayUrl);
});
afterAll(() => world?.[Symbol.asyncDispose]());

/** Sum of a counter over the labels that match, from a service's /metrics. */
async function readsByRole(service: 'users' | 'courses', role: string): Promise<number> {
  const text = await (await fetch(`${world.stack.services[service].url}/metrics`)).text();
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith('lyceum_database_reads_total{') && line.includes(`role="${role}"`));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

test('learners lie on both shards, each where the bucket of the id says', async () => {
  const people = await Promise.all(Array.from({ length: 12 }, (_, at) => signUp(world.gatewayUrl, `Learner ${at}`)));

  const rows = await Promise.all(
    ['s1', 's2'].map((shard) =>
      sql<{ id: string }>(world.tenant.databaseUrl('users', shard), 'SELECT id FROM user_account'),
    ),
  );
  const [first, second] = rows.map((shardRows) => shardRows.map(({ id }) => id));
  expect(first!.every((id) => bucketOf(id) < 2048)).toBe(true);
  expect(second!.every((id) => bucketOf(id) >= 2048)).toBe(true);
  expect(people.every(({ id }) => [...first!, ...second!].includes(id))).toBe(true);
  expect(Math.min(first!.length, second!.length)).toBeGreaterThan(0);
});

test('courses fill buckets, and with them shards, in order of creation', async () => {
  const rows = await Promise.all(
    ['s1', 's2'].map((shard) =>
      sql<{ id: string }>(world.tenant.databaseUrl('courses', shard), 'SELECT id FROM course ORDER BY id'),
    ),
  );
  const ids = rows.flat().map(({ id }) => id);

  expect(ids.toSorted()).toEqual(ids);
  expect(ids.map(bucketOf)).toEqual([0, 1, 2]);
  expect(rows.map((shardRows) => shardRows.length)).toEqual([2, 1]);
});

test('replicas serve the reads of those who wrote nothing', async () => {
  const reader = graphClient(world.gatewayUrl);
  const [replicaBefore, primaryBefore] = await Promise.all([
    readsByRole('courses', 'replica'),
    readsByRole('courses', 'primary'),
  ]);

  for (let at = 0; at < 10; at += 1) await reader.query(CatalogueDocument, { first: 3 });

  expect((await readsByRole('courses', 'replica')) - replicaBefore).toBeGreaterThanOrEqual(20);
  expect((await readsByRole('courses', 'primary')) - primaryBefore).toBe(0);
});

test('a learner who just wrote reads the write while every replica stands still, and others still use replicas', async () => {
  const learner = await signUp(world.gatewayUrl, 'Farida');
  await enroll(learner, course.id);
  const lesson = course.modules[0]!.sections[0]!.lessons[0]!;
  await world.tenant.replicasCaughtUp();
  await using _first = await laggingReplica('s1');
  await using _second = await laggingReplica('s2');

  await learner.query(RenameDocument, { name: 'Farida the Second' });
  await learner.query(CompleteLessonDocument, { lessonId: lesson.id });

  expect((await learner.query(MeDocument)).viewer?.displayName).toBe('Farida the Second');
  const { course: seen } = await learner.query(CourseProgressDocument, { id: course.id });
  expect(seen?.viewerProgress?.completedLessons).toBe(1);
  const before = await readsByRole('courses', 'replica');
  await graphClient(world.gatewayUrl).query(CatalogueDocument, { first: 3 });
  expect(await readsByRole('courses', 'replica')).toBeGreaterThan(before);
});
