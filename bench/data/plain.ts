/**
 * The floor: the same rows by the same statements, written by hand with prepared `pg` on one database.
 *
 * It knows one database, no viewer and no replica, keeps no position, and checks nothing that it was not asked to.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Paths } from './paths.ts';
import type { World } from './rig.ts';

/** As the router's (prisma/src/connections/pools.ts): as many connections, and no query that waits for ever. */
const POOL = { max: 6, connectionTimeoutMillis: 3_000, statement_timeout: 30_000, query_timeout: 31_000 };
const PAGE = 11;

const PEOPLE = {
  name: 'people',
  text: `SELECT id, email, display_name AS "displayName", bio, roles, is_instructor AS "isInstructor",
                created_at AS "createdAt"
         FROM user_account WHERE id = ANY($1::uuid[])`,
};
const ENROLLMENT = `id, learner_id AS "learnerId", course_id AS "courseId", status, percentage, revision,
  enrolled_at AS "enrolledAt", completed_at AS "completedAt", completed_lessons AS "completedLessons",
  total_lessons AS "totalLessons", answered_problems AS "answeredProblems", correct_problems AS "correctProblems",
  total_problems AS "totalProblems"`;
const ENROLLMENTS = {
  name: 'enrollments',
  text: `SELECT ${ENROLLMENT} FROM enrollment WHERE learner_id = $1::uuid ORDER BY enrolled_at DESC, id DESC LIMIT $2`,
};
const LESSONS = {
  name: 'lessons',
  text: `SELECT ol.lesson_id AS "lessonId", lp.started_at AS "startedAt", lp.completed_at AS "completedAt"
         FROM outline_lesson ol
         JOIN enrollment e ON e.course_id = ol.course_id AND e.learner_id = $1::uuid AND e.status <> 'WITHDRAWN'
         LEFT JOIN lesson_progress lp ON lp.lesson_id = ol.lesson_id AND lp.learner_id = $1::uuid
         WHERE ol.lesson_id = ANY($2::uuid[])`,
};
const COURSE_OF_LESSON = {
  name: 'course_of_lesson',
  text: 'SELECT course_id AS "courseId" FROM outline_lesson WHERE lesson_id = $1::uuid',
};
const LOCK = {
  name: 'lock',
  text: `SELECT ${ENROLLMENT} FROM enrollment WHERE learner_id = $1::uuid AND course_id = $2::uuid FOR UPDATE`,
};
const COMPLETE = {
  name: 'complete',
  text: `INSERT INTO lesson_progress AS lp (learner_id, lesson_id, course_id, started_at, completed_at, updated_at)
         SELECT $1::uuid, lesson_id, course_id, $3::timestamptz, $3::timestamptz, $3::timestamptz
         FROM outline_lesson WHERE lesson_id = $2::uuid
         ON CONFLICT (learner_id, lesson_id) DO UPDATE
           SET completed_at = EXCLUDED.completed_at, updated_at = EXCLUDED.updated_at WHERE lp.completed_at IS NULL`,
};
const SAVE = {
  name: 'save',
  text: `UPDATE enrollment SET completed_lessons = $2, percentage = $3, status = $4::enrollment_status,
           completed_at = $5::timestamptz, revision = revision + 1, updated_at = now()
         WHERE id = $1::uuid`,
};
const ACTIVITY = {
  name: 'activity',
  text: `INSERT INTO activity (id, learner_id, kind, course_id, lesson_id, occurred_at)
         VALUES ($1::uuid, $2::uuid, 'LESSON_COMPLETED', $3::uuid, $4::uuid, $5::timestamptz)`,
};
const STREAK = {
  name: 'streak',
  text: 'SELECT current_days, longest_days, last_active_on FROM learner_streak WHERE learner_id = $1::uuid FOR UPDATE',
};
const EXTEND = {
  name: 'extend',
  text: `UPDATE learner_streak SET current_days = 1, last_active_on = $2::date WHERE learner_id = $1::uuid`,
};
const POINTS = {
  name: 'points',
  text: `INSERT INTO course_points AS cp (learner_id, course_id, period, points, score)
         SELECT $1::uuid, $2::uuid, period, 10, 10::bigint << 32 FROM unnest($3::text[]) AS period
         ON CONFLICT (learner_id, course_id, period) DO UPDATE SET
           points = cp.points + EXCLUDED.points, score = (cp.points + EXCLUDED.points)::bigint << 32
         RETURNING period, points`,
};
const OUTBOX = {
  name: 'outbox',
  text: `INSERT INTO outbox_message (id, kind, name, version, key, payload, delivery)
         VALUES ($1::uuid, 'event', $2, 1, $3, $4::jsonb, $5)`,
};

interface Enrolled {
  readonly id: string;
  readonly completedLessons: number;
  readonly totalLessons: number;
}

export function openPlain({ urls }: World): Paths & { close(): Promise<void> } {
  const open = (url: string | undefined) => new pg.Pool({ ...POOL, connectionString: url });
  const users = open(urls.users.s1?.primary);
  const learning = open(urls.progress.s1?.primary);
  return {
    people: async (ids) => (await users.query({ ...PEOPLE, values: [ids] })).rows,
    async progress(learnerId, lessonIds) {
      const { rows: enrollments } = await learning.query({ ...ENROLLMENTS, values: [learnerId, PAGE] });
      const { rows: lessons } = await learning.query({ ...LESSONS, values: [learnerId, lessonIds] });
      return [enrollments, lessons];
    },
    async complete(learnerId, lessonId) {
      const client = await learning.connect();
      try {
        await client.query('BEGIN');
        await complete(client, learnerId, lessonId, new Date().toISOString());
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    },
    close: async () => void (await Promise.all([users.end(), learning.end()])),
  };
}

async function complete(client: pg.PoolClient, learnerId: string, lessonId: string, at: string): Promise<void> {
  const { rows: courses } = await client.query<{ courseId: string }>({ ...COURSE_OF_LESSON, values: [lessonId] });
  const courseId = courses[0]?.courseId;
  const { rows: enrolled } = await client.query<Enrolled>({ ...LOCK, values: [learnerId, courseId] });
  const { id, completedLessons, totalLessons } = enrolled[0]!;
  await client.query({ ...COMPLETE, values: [learnerId, lessonId, at] });
  const done = completedLessons + 1;
  const percentage = Math.min(100, (done / totalLessons) * 100);
  const ending = done < totalLessons ? ['ACTIVE', null] : ['COMPLETED', at];
  await client.query({ ...SAVE, values: [id, done, percentage, ...ending] });
  await client.query({ ...ACTIVITY, values: [randomUUID(), learnerId, courseId, lessonId, at] });
  const { rows: streaks } = await client.query<{ last_active_on: Date }>({ ...STREAK, values: [learnerId] });
  const today = at.slice(0, 10);
  const lastActive = new Date(streaks[0]!.last_active_on);
  if (lastActive.getTime() + 86_400_000 < Date.parse(today))
    await client.query({ ...EXTEND, values: [learnerId, today] });
  const { rows: totals } = await client.query({ ...POINTS, values: [learnerId, courseId, [today, 'week', 'all']] });
  const say = (name: string, key: string, payload: object, delivery: string) =>
    client.query({ ...OUTBOX, values: [randomUUID(), name, key, JSON.stringify(payload), delivery] });
  await say('points.awarded', `${learnerId}`, { learnerId, courseId, reachedAt: at, totals }, 'log');
  await say('progress.updated', learnerId, { learnerId, courseId, lessonId, ...enrolled[0], percentage }, 'live');
  await say('course.activity', `${courseId}`, { courseId, kind: 'LESSON_COMPLETED', lessonId }, 'live');
}
