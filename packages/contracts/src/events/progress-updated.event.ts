import { z } from 'zod';
import { defineEvent } from '../define.ts';

/** A learner's completion of a course changed. After commit, at least once, ordered per learner. */
export const ProgressUpdated = defineEvent({
  name: 'progress.updated',
  version: 1,
  delivery: 'live',
  payload: z.object({
    learnerId: z.uuid(),
    courseId: z.uuid(),
    enrollmentId: z.uuid(),
    reason: z.enum(['ENROLLED', 'LESSON_STARTED', 'LESSON_COMPLETED', 'PROBLEM_ANSWERED']),
    /** The lesson touched; null for an enrolment. */
    lessonId: z.uuid().nullable(),
    completedLessons: z.number().int().nonnegative(),
    totalLessons: z.number().int().nonnegative(),
    answeredProblems: z.number().int().nonnegative(),
    correctProblems: z.number().int().nonnegative(),
    totalProblems: z.number().int().nonnegative(),
    /** 0–100, the value right after this change. */
    percentage: z.number().min(0).max(100),
    /** Grows by one with each change of this enrolment. */
    revision: z.number().int().positive(),
  }),
  key: (payload) => payload.learnerId,
});
