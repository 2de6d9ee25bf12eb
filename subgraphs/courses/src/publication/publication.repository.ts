/**
 * Tells the other domains what a published course holds: its outline, and how answers are judged.
 *
 * Read and written in the transaction that changed the course, so that revision and outline always belong together.
 */
import { CoursePublished, type PayloadOf } from '@lyceum/contracts';
import type { Client, Database, Tx } from '@lyceum/database';
import type { StoredGrading } from './stored-grading.ts';

type Lessons = PayloadOf<typeof CoursePublished>['lessons'];

export interface PublishedCourse {
  readonly id: string;
  readonly revision: number;
  readonly title: string;
  readonly available: boolean;
}

export async function emitCoursePublished(tx: Tx<'courses'>, course: PublishedCourse): Promise<void> {
  await tx.outbox.add(CoursePublished, {
    courseId: course.id,
    revision: course.revision,
    available: course.available,
    title: course.title,
    lessons: await readOutline(tx, course.id),
  });
}

/** The outlines of all published courses, the oldest first: what their latest events told. */
export async function readPublishedOutlines(
  database: Database<'courses'>,
): Promise<{ courseId: string; title: string; lessons: Lessons }[]> {
  const outlines = await database.session(null).everyShard(async (client, place) => {
    const courses = await client.course.findMany({ where: { status: 'PUBLISHED' }, select: { id: true, title: true } });
    const own = [];
    for (const { id, title } of courses.filter((course) => place.owns(course.id))) {
      own.push({ courseId: id, title, lessons: await readOutline(client, id) });
    }
    return own;
  }, 'primary');
  return outlines.flat().sort((a, b) => (a.courseId < b.courseId ? -1 : 1));
}

async function readOutline(tx: Client<'courses'>, courseId: string): Promise<Lessons> {
  const lessons = await tx.lesson.findMany({
    where: { courseId },
    orderBy: [{ position: 'asc' }, { id: 'asc' }],
    select: { id: true, title: true, sectionId: true, section: { select: { moduleId: true } } },
  });
  const problems = await tx.block.findMany({
    where: { courseId, kind: 'PROBLEM' },
    orderBy: { position: 'asc' },
    select: { id: true, lessonId: true, grading: true },
  });
  const byLesson = Map.groupBy(problems, (problem) => problem.lessonId);
  return lessons.map((lesson) => ({
    lessonId: lesson.id,
    sectionId: lesson.sectionId,
    moduleId: lesson.section.moduleId,
    title: lesson.title,
    problems: (byLesson.get(lesson.id) ?? []).flatMap((problem) => {
      const { rule, explanation } = problem.grading as unknown as StoredGrading;
      return rule ? [{ problemId: problem.id, grading: rule, explanation }] : [];
    }),
  }));
}
