/**
 * The reference copy of published courses, the same on every shard, so that a learner's transaction needs one shard.
 */
import type { CoursePublished, Grading, PayloadOf } from '@lyceum/contracts';
import { type Database, type DatabaseSession, isId, type Tx } from '@lyceum/database';
import { notFound } from '@lyceum/service-kit';

type Outline = PayloadOf<typeof CoursePublished>;

export interface OutlineCourse {
  readonly courseId: string;
  readonly available: boolean;
  readonly lessonCount: number;
  readonly problemCount: number;
}

export interface OutlineProblem {
  readonly problemId: string;
  readonly lessonId: string;
  readonly courseId: string;
  readonly grading: Grading;
  readonly explanation: string;
}

/** Reads within a learner's transaction, on the learner's shard. What is no id is unknown. */
export const outlineReads = {
  /** Holds the outline still until the transaction ends, so that an enrolment begins with totals that are right. */
  async holdCourse(tx: Tx<'progress'>, courseId: string): Promise<OutlineCourse | null> {
    if (!isId(courseId)) return null;
    const rows = await tx.$queryRaw<OutlineCourse[]>`
      SELECT course_id AS "courseId", available, lesson_count AS "lessonCount", problem_count AS "problemCount"
      FROM outline_course WHERE course_id = ${courseId}::uuid FOR SHARE`;
    return rows[0] ?? null;
  },

  async courseOfLesson(tx: Tx<'progress'>, lessonId: string): Promise<string | null> {
    if (!isId(lessonId)) return null;
    const rows = await tx.$queryRaw<{ courseId: string }[]>`
      SELECT course_id AS "courseId" FROM outline_lesson WHERE lesson_id = ${lessonId}::uuid`;
    return rows[0]?.courseId ?? null;
  },

  async courseOfProblem(tx: Tx<'progress'>, problemId: string): Promise<string | null> {
    if (!isId(problemId)) return null;
    const row = await tx.outlineProblem.findUnique({ where: { problemId }, select: { courseId: true } });
    return row?.courseId ?? null;
  },

  async problem(tx: Tx<'progress'>, problemId: string): Promise<OutlineProblem | null> {
    const row = await tx.outlineProblem.findUnique({ where: { problemId } });
    return row && { ...row, grading: row.grading as Grading };
  },
};

export type OutlineReads = typeof outlineReads;

/** For who has no transaction, and may be nobody in particular. */
export function createPublishedOutlines(session: DatabaseSession<'progress'>) {
  return {
    /** Throws COURSE_NOT_FOUND for a course that does not exist or is not published. */
    async require(courseId: string): Promise<void> {
      if (!isId(courseId)) throw notFound('COURSE_NOT_FOUND');
      // The copy is the same on every shard: by the course's bucket, so that courses spread over them.
      const client = await session.read(courseId);
      const course = await client.outlineCourse.findUnique({ where: { courseId }, select: { available: true } });
      if (!course?.available) throw notFound('COURSE_NOT_FOUND');
    },
  };
}

export type PublishedOutlines = ReturnType<typeof createPublishedOutlines>;

export function createOutlineRepository(database: Database<'progress'>) {
  return {
    /**
     * Writes the outline to every shard, one transaction each. Idempotent; an outline that is not newer than what a
     * shard has changes nothing there. Returns how many shards took it. Throws if a shard failed, after trying them all.
     */
    async replace(outline: Outline, at: Date): Promise<number> {
      const taken = await database.session(null).everywhere((tx) => replaceOn(tx, outline, at));
      return taken.filter(Boolean).length;
    },
  };
}

async function replaceOn(tx: Tx<'progress'>, outline: Outline, at: Date): Promise<boolean> {
  if (!(await takeRevision(tx, outline, at))) return false;
  // A withdrawn course takes no new learners; those it has go on with the outline they know.
  if (!outline.available && outline.lessons.length === 0) return true;
  const before = await contentOf(tx, outline.courseId);
  await writeContent(tx, outline);
  const after = new Set(outline.lessons.flatMap((l) => [l.lessonId, ...l.problems.map((p) => p.problemId)]));
  const same = before.size === after.size && [...before].every((id) => after.has(id));
  if (!same) await recount(tx, outline.courseId, at);
  return true;
}

/** False if the shard has this revision or a newer one. Locks the course's row: one revision at a time. */
async function takeRevision(tx: Tx<'progress'>, outline: Outline, at: Date): Promise<boolean> {
  const taken = await tx.$executeRaw`
    INSERT INTO outline_course (course_id, revision, available, title, lesson_count, problem_count, updated_at)
    VALUES (${outline.courseId}::uuid, ${outline.revision}, ${outline.available}, ${outline.title}, 0, 0, ${at.toISOString()}::timestamptz)
    ON CONFLICT (course_id) DO UPDATE
      SET revision = EXCLUDED.revision, available = EXCLUDED.available, title = EXCLUDED.title, updated_at = EXCLUDED.updated_at
      WHERE outline_course.revision < EXCLUDED.revision`;
  return taken === 1;
}

async function contentOf(tx: Tx<'progress'>, courseId: string): Promise<Set<string>> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT lesson_id AS id FROM outline_lesson WHERE course_id = ${courseId}::uuid
    UNION ALL SELECT problem_id FROM outline_problem WHERE course_id = ${courseId}::uuid`;
  return new Set(rows.map(({ id }) => id));
}

async function writeContent(tx: Tx<'progress'>, { courseId, lessons }: Outline): Promise<void> {
  // Problems go with their lessons (ON DELETE CASCADE).
  await tx.outlineLesson.deleteMany({ where: { courseId } });
  await tx.outlineLesson.createMany({
    data: lessons.map(({ lessonId, sectionId, moduleId, title }, position) => {
      return { lessonId, courseId, sectionId, moduleId, title, position };
    }),
  });
  const problems = lessons.flatMap(({ lessonId, problems }) => problems.map((p) => ({ ...p, lessonId, courseId })));
  await tx.outlineProblem.createMany({ data: problems });
  await tx.outlineCourse.update({
    where: { courseId },
    data: { lessonCount: lessons.length, problemCount: problems.length },
  });
}

/**
 * Counts anew, for every enrolment of the course on this shard, what of the present outline the learner has done.
 *
 * The rows are locked first and counted by a second statement, which therefore sees what any learner's transaction that
 * held a lock has committed. `percentage` is percentageOf() in SQL; a course that grew is no longer completed, but keeps
 * the time of its first completion. Enrolments whose progress does not change keep their revision.
 */
async function recount(tx: Tx<'progress'>, courseId: string, at: Date): Promise<void> {
  await tx.$queryRaw`
    SELECT count(*) FROM (SELECT 1 FROM enrollment WHERE course_id = ${courseId}::uuid ORDER BY id FOR UPDATE) AS locked`;
  await tx.$executeRaw`
    WITH lessons AS (
      SELECT lp.learner_id, count(*)::int AS completed
      FROM lesson_progress lp JOIN outline_lesson ol USING (lesson_id)
      WHERE ol.course_id = ${courseId}::uuid AND lp.completed_at IS NOT NULL
      GROUP BY lp.learner_id
    ), problems AS (
      SELECT ps.learner_id, count(*)::int AS answered, (count(*) FILTER (WHERE ps.correct))::int AS correct
      FROM problem_state ps JOIN outline_problem op USING (problem_id)
      WHERE op.course_id = ${courseId}::uuid
      GROUP BY ps.learner_id
    ), counted AS (
      SELECT e.id, oc.lesson_count, oc.problem_count, oc.lesson_count + oc.problem_count AS total,
        coalesce(l.completed, 0) AS completed, coalesce(p.answered, 0) AS answered, coalesce(p.correct, 0) AS correct,
        coalesce(l.completed, 0) + coalesce(p.answered, 0) AS done
      FROM enrollment e
      JOIN outline_course oc USING (course_id)
      LEFT JOIN lessons l USING (learner_id)
      LEFT JOIN problems p USING (learner_id)
      WHERE e.course_id = ${courseId}::uuid
    )
    UPDATE enrollment e SET
      completed_lessons = c.completed, total_lessons = c.lesson_count,
      answered_problems = c.answered, correct_problems = c.correct, total_problems = c.problem_count,
      percentage = CASE
        WHEN c.total = 0 THEN 0
        WHEN c.done >= c.total THEN 100
        ELSE least(round(c.done::numeric * 100 / c.total, 2), 99.99)
      END,
      status = CASE
        WHEN e.status = 'WITHDRAWN' THEN e.status
        WHEN c.total > 0 AND c.done >= c.total THEN 'COMPLETED'::enrollment_status
        ELSE 'ACTIVE'::enrollment_status
      END,
      completed_at = CASE
        WHEN e.status <> 'WITHDRAWN' AND c.total > 0 AND c.done >= c.total
          THEN coalesce(e.completed_at, ${at.toISOString()}::timestamptz)
        ELSE e.completed_at
      END,
      revision = e.revision + 1, updated_at = ${at.toISOString()}::timestamptz
    FROM counted c
    WHERE e.id = c.id AND (e.completed_lessons, e.total_lessons, e.answered_problems, e.correct_problems, e.total_problems)
      IS DISTINCT FROM (c.completed, c.lesson_count, c.answered, c.correct, c.problem_count)`;
}
