/**
 * Tells the other domains what a published course holds: its outline, and how answers are judged.
 *
 * Read and written in the transaction that changed the course, so that revision and outline always belong together.
 */
import { CoursePublished, type PayloadOf } from '@lyceum/contracts';
import type { Tx } from '@lyceum/database';
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

async function readOutline(tx: Tx<'courses'>, courseId: string): Promise<Lessons> {
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
