/**
 * An AI job as the graph shows it: everything but its input, which may be a whole lesson.
 */
import type { AiJobKind, AiJobOutput, AiJobState, AiJobUpdated, PayloadOf } from '@lyceum/contracts';

export interface Job {
  readonly id: string;
  readonly learnerId: string;
  readonly kind: AiJobKind;
  readonly state: AiJobState;
  /** 0 while queued; grows by one each time a worker claims the job. */
  readonly attempt: number;
  readonly percentage: number;
  readonly lessonId: string;
  readonly output: AiJobOutput | null;
  readonly failureCode: string | null;
  readonly failureMessage: string | null;
  readonly model: string | null;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly reservedTokens: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}

export function hasEnded(state: AiJobState): boolean {
  return state === 'SUCCEEDED' || state === 'FAILED' || state === 'CANCELLED';
}

/** The job's present state as an event. */
export function eventOf(job: Job): PayloadOf<typeof AiJobUpdated> {
  const { id: jobId, learnerId, state, attempt, percentage } = job;
  return { jobId, learnerId, state, attempt, percentage, tokenDelta: null };
}
