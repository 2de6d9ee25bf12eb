/**
 * An operator asks a system in use how its statements are planned.
 */
import { DOMAINS } from '@lyceum/database';
import { sql } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  AiJobDocument,
  CatalogueDocument,
  CompleteLessonDocument,
  CourseProgressDocument,
  LeaderboardDocument,
  LearnerRecordDocument,
  StartLessonDocument,
} from '../__generated__/operations.ts';
import { lessonsOf, readCourse } from '../support/course.ts';
import { lyceum } from '../support/lyceum-cli.ts';
import { enroll, signUp } from '../support/person.ts';
import { openWorld, type World } from '../support/world.ts';

/** More than a statement must be called to count as hot. */
const PEOPLE = 12;
/** What a day of a few hundred learners leaves is large here. */
const LARGE = ['--min-rows', '1000'];

let world: World;
const everyShard = (domain: (typeof DOMAINS)[number], statement: string) =>
  Promise.all(['s1', 's2'].map((shard) => sql(world.tenant.databaseUrl(domain, shard), statement)));

beforeAll(async () => {
  world = await openWorld({ seed: true });
  const args = ['seed', '--learners', '1000', '--progress-rows', '8000', '--seed', 'plans'];
  expect(await lyceum(args, world.tenant.env)).toMatchObject({ code: 0 });
  for (const domain of DOMAINS) await everyShard(domain, 'ANALYZE');

  const course = await readCourse(world.gatewayUrl);
  const [first, second] = lessonsOf(course);
  const day = async (name: string) => {
    const person = await signUp(world.gatewayUrl, name);
    await enroll(person, course.id);
    await person.query(StartLessonDocument, { lessonId: first!.id });
    for (const { id } of [first!, second!]) await person.query(CompleteLessonDocument, { lessonId: id });
    await person.query(CourseProgressDocument, { id: course.id });
    await person.query(LearnerRecordDocument, { id: person.id });
    await person.query(LeaderboardDocument, { id: course.id, window: 'DAILY' });
    await person.query(CatalogueDocument, { first: 10 });
    // Looked for like any other, though there is none.
    await person.query(AiJobDocument, { id: person.id });
  };
  await Promise.all(Array.from({ length: PEOPLE }, (_, count) => day(`Person ${count}`)));
});
afterAll(() => world?.[Symbol.asyncDispose]());

test('no statement of a system in use reads a large table row by row', async () => {
  const { code, output } = await lyceum(['db', 'explain', ...LARGE], world.tenant.env);
  expect(code, output).toBe(0);
  for (const domain of DOMAINS) expect(output).toMatch(new RegExp(`^${domain}: [1-9]\\d* hot statements?`, 'm'));
  for (const table of ['user_account', 'activity', 'ai_job']) {
    expect(output).toMatch(new RegExp(`✓ .*SELECT "public"\\."${table}"\\."id"`));
  }
  expect(output).toMatch(/Index Scan using activity_\w+ on activity_\w+\n +and \d+ more alike/);
});

test('an index that a hot statement needs is missed: the statement, the table and the remedy are named', async () => {
  await everyShard('progress', 'DROP INDEX activity_learner_id_occurred_at_id_idx');
  const { code, output } = await lyceum(['db', 'explain', '--domain', 'progress', ...LARGE], world.tenant.env);
  expect(code).toBe(1);
  expect(output).toMatch(/with a sequential scan of a large table:\n {2}progress: SELECT .*"activity"/);
  expect(output).toMatch(/reads [\d,]+ rows of activity on s1, [\d,]+ rows of activity on s2/);
  expect(output).toMatch(/remedy: .*CREATE INDEX CONCURRENTLY … ON "activity" \(learner_id\)/);

  const json = await lyceum(['db', 'explain', '--domain', 'progress', '--json', ...LARGE], world.tenant.env);
  const { domains } = JSON.parse(json.output.slice(0, json.output.lastIndexOf('\n}') + 2));
  const plans = domains.progress.flatMap((each: { plans: { scans: unknown[] }[] }) => each.plans);
  expect(plans.some(({ scans }: { scans: unknown[] }) => scans.length > 0)).toBe(true);
});
