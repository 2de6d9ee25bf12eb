import { z } from 'zod';
import { defineEvent } from '../define.ts';

/** An AI job came to its end by itself; one that its learner cancelled does not. After commit, at least once, ordered per learner. */
export const AiJobFinished = defineEvent({
  name: 'ai.job.finished',
  version: 1,
  delivery: 'log',
  payload: z.object({
    jobId: z.uuid(),
    learnerId: z.uuid(),
    state: z.enum(['SUCCEEDED', 'FAILED']),
  }),
  key: (payload) => payload.learnerId,
});
