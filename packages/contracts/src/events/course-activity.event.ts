import { z } from 'zod';
import { defineEvent } from '../define.ts';

/**
 * Something was done in a course. After commit, at least once, ordered per course among the learners of one shard.
 *
 * For many listeners, also those without an account: it never says who. Add it last in a transaction: commits that hold
 * one course's place in the order wait for one another.
 */
export const CourseActivity = defineEvent({
  name: 'course.activity',
  version: 1,
  delivery: 'live',
  payload: z.object({
    courseId: z.uuid(),
    kind: z.enum(['ENROLLED', 'LESSON_STARTED', 'LESSON_COMPLETED', 'PROBLEM_ANSWERED', 'COURSE_COMPLETED']),
    /** The lesson touched; null for the course as a whole. */
    lessonId: z.uuid().nullable(),
  }),
  key: (payload) => payload.courseId,
});
