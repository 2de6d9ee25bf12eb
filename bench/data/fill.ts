/**
 * Learners with a history, and what callers ask for: who there is, who takes which course, what is left to complete.
 */
import { type Database, newId, newIdBeside, type SeedLearnersOptions, seedLearners } from '@lyceum/database';
import { createOutlineRepository } from '@lyceum/progress/outlines';
import pg from 'pg';

const COURSES = 40;
const LESSONS = 30;
const LESSONS_STUDIED = 3;
/** Lessons on a page of a course. */
const LESSONS_SHOWN = 20;
const TO_COMPLETE = 60_000;

export interface Databases {
  readonly users: Database<'users'>;
  readonly progress: Database<'progress'>;
}

export interface Filled {
  readonly learnerIds: readonly string[];
  /** A learner with the lessons that a page of one of the learner's courses shows. */
  readonly studying: readonly { readonly learnerId: string; readonly lessonIds: readonly string[] }[];
  /** In no order. Each can be completed once. */
  readonly toComplete: readonly { readonly learnerId: string; readonly lessonId: string }[];
}

export async function fill(
  databases: Databases,
  urls: Readonly<Record<string, { readonly primary: string }>>,
  learners: number,
): Promise<Filled> {
  const outlines = Array.from({ length: COURSES }, (_, index) => inventOutline(index));
  const repository = createOutlineRepository(databases.progress);
  for (const outline of outlines) await repository.replace(outline, new Date());
  const courses: SeedLearnersOptions['courses'] = outlines;
  const progressRows = learners * LESSONS_STUDIED;
  await seedLearners({ count: learners, progressRows, seed: 'bench', courses, databases, passwordHash: '' });
  const found = await Promise.all(Object.values(urls).map(({ primary }) => look(primary)));
  return {
    learnerIds: found.flatMap(({ learnerIds }) => learnerIds),
    studying: found.flatMap(({ studying }) => studying),
    toComplete: shuffle(found.flatMap(({ toComplete }) => toComplete)),
  };
}

function inventOutline(index: number) {
  const courseId = newId(index);
  const lessons = Array.from({ length: LESSONS }, (_, position) => ({
    lessonId: newIdBeside(courseId),
    sectionId: newIdBeside(courseId),
    moduleId: newIdBeside(courseId),
    title: `Lesson ${position + 1}`,
    problems: [],
  }));
  return { courseId, revision: 1, available: true, title: `Course ${index + 1}`, lessons };
}

async function look(url: string): Promise<Filled> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('VACUUM ANALYZE');
    const { rows: learners } = await client.query<{ id: string }>('SELECT learner_id AS id FROM learner_streak');
    const { rows: studying } = await client.query<Filled['studying'][number]>(
      `SELECT e.learner_id AS "learnerId", array_agg(l.lesson_id ORDER BY l.position) AS "lessonIds"
         FROM enrollment e JOIN outline_lesson l ON l.course_id = e.course_id AND l.position < ${LESSONS_SHOWN}
        GROUP BY e.id LIMIT 50000`,
    );
    const { rows: toComplete } = await client.query<Filled['toComplete'][number]>(
      `SELECT e.learner_id AS "learnerId", l.lesson_id AS "lessonId"
         FROM (SELECT * FROM enrollment ORDER BY random() LIMIT 20000) e
         JOIN outline_lesson l USING (course_id)
         LEFT JOIN lesson_progress p ON p.learner_id = e.learner_id AND p.lesson_id = l.lesson_id
        WHERE p.lesson_id IS NULL ORDER BY random() LIMIT ${TO_COMPLETE}`,
    );
    return { learnerIds: learners.map(({ id }) => id), studying, toComplete };
  } finally {
    await client.end();
  }
}

function shuffle<T>(items: T[]): T[] {
  for (let index = items.length - 1; index > 0; index -= 1) {
    const other = Math.floor(Math.random() * (index + 1));
    [items[index], items[other]] = [items[other]!, items[index]!];
  }
  return items;
}
