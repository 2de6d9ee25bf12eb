/**
 * AI jobs. The row in the database is the truth; the queue carries the id alone, so no learner's text
 * lies in it.
 */
import { z } from 'zod';
import { defineJob } from '../define.ts';

/** Runs the AI job with this id: claims it, calls a model, writes one result. Safe to run twice. */
export const RunAiJob = defineJob({
  name: 'ai.run',
  version: 1,
  queue: 'ai',
  payload: z.object({ jobId: z.uuid() }),
  key: (payload) => payload.jobId,
});
