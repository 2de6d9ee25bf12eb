import { z } from 'zod';
import { defineEvent } from '../define.ts';

/** A learner completed a course for the first time, by what the learner did. After commit, at least once, ordered per learner. */
export const CourseCompleted = defineEvent({
  name: 'course.completed',
  version: 1,
  delivery: 'log',
  payload: z.object({
    learnerId: z.uuid(),
    courseId: z.uuid(),
    enrollmentId: z.uuid(),
  }),
  key: (payload) => payload.learnerId,
});
