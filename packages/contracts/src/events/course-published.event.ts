/**
 * A course's published outline: everything another domain must know to enrol, grade and count, and nothing else.
 */
import { z } from 'zod';
import { defineEvent } from '../define.ts';

/** How a response to a problem is judged. Never leaves the services: learners see a solution only after they answered. */
export const Grading = z.discriminatedUnion('kind', [
  /** The response must name exactly the correct choices. */
  z.object({ kind: z.literal('choices'), correctChoiceIds: z.array(z.string()).min(1) }),
  /** The response must lie within `tolerance` (absolute) of `value`. */
  z.object({ kind: z.literal('numeric'), value: z.number(), tolerance: z.number().nonnegative() }),
  /** The response must equal one of the answers after trimming and, unless `caseSensitive`, folding case. */
  z.object({ kind: z.literal('text'), answers: z.array(z.string()).min(1), caseSensitive: z.boolean() }),
]);
export type Grading = z.output<typeof Grading>;

export const OutlineProblem = z.object({
  problemId: z.uuid(),
  grading: Grading,
  /** Plain text shown after an answer; may be empty. */
  explanation: z.string(),
});

export const OutlineLesson = z.object({
  lessonId: z.uuid(),
  sectionId: z.uuid(),
  moduleId: z.uuid(),
  title: z.string(),
  problems: z.array(OutlineProblem),
});

/** A course became visible, changed while visible, or was withdrawn. After commit, at least once, ordered per course. */
export const CoursePublished = defineEvent({
  name: 'course.published',
  version: 1,
  delivery: 'log',
  payload: z.object({
    courseId: z.uuid(),
    /** Grows with each change; a consumer ignores a revision it has passed. */
    revision: z.number().int().positive(),
    /** False when the course was withdrawn: no new enrolment; what learners did stays. */
    available: z.boolean(),
    title: z.string(),
    /** Lessons in reading order. */
    lessons: z.array(OutlineLesson),
  }),
  key: (payload) => payload.courseId,
});
