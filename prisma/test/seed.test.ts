/**
 * Seeded learners: reproducible, consistent, on both shards.
 */
import { createHash } from 'node:crypto';
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { composeId, type SeedCourse, type SeedLearnersOptions, seedLearners } from '../src/index.ts';
import { openTestDatabase } from './support.ts';

let tenant: Tenant;
let users: Awaited<ReturnType<typeof openTestDatabase<'users'>>>;
let progress: Awaited<ReturnType<typeof openTestDatabase<'progress'>>>;

beforeAll(async () => {
  tenant = await openTenant(['users', 'progress']);
  users = await openTestDatabase('users', tenant.env);
  progress = await openTestDatabase('progress', tenant.env);
});

afterAll(async () => {
  await users?.close();
  await progress?.close();
  await tenant?.close();
});

let made = 0;
const idOf = () => composeId(0, 1_000, createHash('sha256').update(String(made++)).digest());
const course = (lessons: number): SeedCourse => ({
  courseId: idOf(),
  lessons: Array.from({ length: lessons }, (_, n) => ({
    lessonId: idOf(),
    sectionId: idOf(),
    moduleId: idOf(),
    title: `Lesson ${n}`,
    problems:
      n % 3 === 0
        ? [
            {
              problemId: idOf(),
              grading:
                n % 2 === 0
                  ? { kind: 'choices', correctChoiceIds: ['a, "quoted"', 'b\\'] }
                  : { kind: 'numeric', value: 3, tolerance: 0.1 },
              explanation: '',
            },
          ]
        : [],
  })),
});
const courses = [course(30), course(12), course(8)];

const seed = (o: Partial<SeedLearnersOptions> = {}) =>
  seedLearners({
    count: 700,
    progressRows: 7_000,
    seed: 'test',
    courses,
    passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
    databases: { users: users.database, progress: progress.database },
    ...o,
  });

const everywhere = async (domain: 'users' | 'progress', statement: string) =>
  (await Promise.all(['s1', 's2'].map((shard) => sql(tenant.databaseUrl(domain, shard), statement)))) as Record<
    string,
    number
  >[][];
const sum = async (domain: 'users' | 'progress', statement: string) =>
  (await everywhere(domain, statement)).flat().reduce((total, row) => total + Number(row.n), 0);

test('as many learners and lessons as asked for, on both shards, and a second run adds nothing', async () => {
  const seen: number[] = [];
  expect(await seed({ onProgress: ({ learners }) => seen.push(learners) })).toEqual({
    learners: 700,
    progressRows: 7_000,
  });
  expect(seen).toEqual([500, 700]);
  const tables = [
    'course_points',
    'enrollment',
    'lesson_progress',
    'problem_state',
    'problem_attempt',
    'activity',
    'learner_streak',
  ];
  const counts = () => Promise.all(tables.map((table) => sum('progress', `SELECT count(*) AS n FROM ${table}`)));
  const before = await counts();
  expect(before[2]).toBe(7_000);
  expect(await seed()).toEqual({ learners: 0, progressRows: 0 });
  expect(await counts()).toEqual(before);
  for (const rows of await everywhere('users', 'SELECT count(*) AS n FROM user_account')) {
    expect(Number(rows[0]!.n)).toBeGreaterThan(250);
  }
  expect(await sum('users', "SELECT count(*) AS n FROM directory_entry WHERE kind = 'email'")).toBe(700);
  expect(await sum('users', 'SELECT count(*) AS n FROM credential JOIN preferences USING (user_id)')).toBe(700);
});

test('more learners of the same seed keep those that are there', async () => {
  expect((await seed({ count: 720 })).learners).toBe(20);
});

test('an account is found by its address in the directory', async () => {
  const owner = await users.database.directory.lookup('email', 'learner-5-test@example.org');
  const client = await users.database.session(null).read(owner!, 'primary');
  expect((await client.user.findUnique({ where: { id: owner! } }))?.email).toBe('learner-5-test@example.org');
});

test('every counter says what the rows say', async () => {
  const wrong = await everywhere(
    'progress',
    `SELECT e.id FROM enrollment e
     CROSS JOIN LATERAL (SELECT count(*) AS started, count(completed_at) AS completed FROM lesson_progress l
                         WHERE l.learner_id = e.learner_id AND l.course_id = e.course_id) lessons
     CROSS JOIN LATERAL (SELECT count(*) AS answered, count(*) FILTER (WHERE correct) AS correct FROM problem_state s
                         WHERE s.learner_id = e.learner_id AND s.course_id = e.course_id) problems
     WHERE e.completed_lessons <> lessons.completed OR e.answered_problems <> problems.answered
        OR e.correct_problems <> problems.correct OR e.revision <> 1 + started + completed + answered
        OR (e.status = 'COMPLETED') <> (e.completed_lessons + e.answered_problems = e.total_lessons + e.total_problems)
        OR (e.status = 'COMPLETED') <> (e.completed_at IS NOT NULL) OR (e.status = 'COMPLETED') <> (e.percentage = 100)`,
  );
  expect(wrong.flat()).toEqual([]);
  expect(await sum('progress', "SELECT count(*) AS n FROM enrollment WHERE status = 'COMPLETED'")).toBeGreaterThan(0);
  expect(await sum('progress', "SELECT count(*) AS n FROM enrollment WHERE status = 'ACTIVE'")).toBeGreaterThan(0);
  const points = await everywhere(
    'progress',
    `SELECT p.learner_id FROM course_points p JOIN enrollment e USING (learner_id, course_id)
     WHERE p.period = 'all' AND p.points <> 10 * e.completed_lessons + 5 * e.correct_problems
       + CASE WHEN e.completed_at IS NULL THEN 0 ELSE 50 END`,
  );
  expect(points.flat()).toEqual([]);
  expect(await sum('progress', "SELECT count(*) AS n FROM course_points WHERE period = 'all'")).toBeGreaterThan(700);
  const streaks = await everywhere(
    'progress',
    `SELECT s.learner_id FROM learner_streak s
     WHERE s.last_active_on <> (SELECT max(occurred_at AT TIME ZONE 'UTC')::date FROM activity a WHERE a.learner_id = s.learner_id)
        OR s.longest_days < s.current_days OR s.current_days < 1`,
  );
  expect(streaks.flat()).toEqual([]);
});

test('choices keep their quotes and commas', async () => {
  const rows = await everywhere('progress', "SELECT choice_ids FROM problem_attempt WHERE choice_ids <> '{}' LIMIT 1");
  expect(rows.flat()[0]!.choice_ids).toEqual(['a, "quoted"', 'b\\']);
});

test('activity is Zipf-shaped over learners and courses, and none lies in the default partition', async () => {
  const perLearner = (await everywhere('progress', 'SELECT count(*) AS n FROM lesson_progress GROUP BY learner_id'))
    .flat()
    .map((row) => Number(row.n))
    .sort((a, b) => b - a);
  const top = perLearner.slice(0, 70).reduce((total, n) => total + n, 0);
  expect(top / 7_000).toBeGreaterThan(0.2);
  expect(perLearner[0]).toBe(50);
  const learnersOf = (n: number) =>
    sum('progress', `SELECT count(*) AS n FROM enrollment WHERE course_id = '${courses[n]!.courseId}'`);
  expect(await learnersOf(0)).toBeGreaterThan(await learnersOf(2));
  expect(await sum('progress', 'SELECT count(*) AS n FROM activity_default')).toBe(0);
});

test('without courses there are learners without progress', async () => {
  expect(await seed({ seed: 'lonely', count: 3, courses: [] })).toEqual({ learners: 3, progressRows: 0 });
});
