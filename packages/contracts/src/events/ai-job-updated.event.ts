import { z } from 'zod';
import { defineEvent } from '../define.ts';

export const AiJobState = z.enum(['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED']);
export type AiJobState = z.output<typeof AiJobState>;

/**
 * An AI job changed state, or its model produced text. Ordered per job.
 *
 * State changes are committed and leave through the outbox. Token deltas are ephemeral: they go straight to the job's
 * stream, between the `RUNNING` of their attempt and its end.
 */
export const AiJobUpdated = defineEvent({
  name: 'ai.job.updated',
  version: 1,
  delivery: 'live',
  payload: z.object({
    jobId: z.uuid(),
    learnerId: z.uuid(),
    state: AiJobState,
    /** 1 for the first run; a higher attempt starts the text anew. 0 while queued. */
    attempt: z.number().int().nonnegative(),
    percentage: z.number().min(0).max(100),
    /** Text produced since the previous event of this attempt; null for a state change. */
    tokenDelta: z.string().nullable(),
  }),
  key: (payload) => payload.jobId,
});
