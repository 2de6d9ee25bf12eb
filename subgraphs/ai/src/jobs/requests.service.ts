/**
 * Accepting jobs: reads what they work on, reserves budget, commits, and returns at once.
 *
 * The text is read before the transaction, as a snapshot, so that every attempt works on the same. The transaction holds
 * the learner's budget row first; the job, its event and its place in the queue are committed together or not at all.
 */
import { type AiJobInput, AiJobUpdated, RunAiJob, type Viewer } from '@lyceum/contracts';
import { estimateReservation, fitsBudget } from '@lyceum/models';
import { badInput, type Clock, LyceumError } from '@lyceum/service-kit';
import type { BudgetRepository } from '../budget/budget.repository.ts';
import { dayOf, renewalAfter } from '../budget/day.ts';
import type { LessonSource } from '../lessons/lesson.source.ts';
import type { Session } from '../resources.ts';
import { eventOf, type Job } from './job.ts';
import type { JobsRepository } from './jobs.repository.ts';

const activeJobsMax = 10;
const itemsMax = 20;
const itemsDefault = 5;
const keyLengthMax = 100;

/** Why no job was made, as one of the union's types. */
export interface Refusal<Name extends string> {
  readonly refusal: Name;
  readonly message: string;
}
export type LessonNotUsable = Refusal<'LessonNotUsable'>;
export type ProblemNotAnswered = Refusal<'ProblemNotAnswered'>;
export type BudgetExceeded = Refusal<'BudgetExceeded'> & { readonly renewsAt: Date };

export type RequestOutcome = Job | LessonNotUsable | BudgetExceeded;

interface KeyedRequest {
  /** The same key gives the same job. */
  readonly idempotencyKey?: string | null;
}
export interface QuizRequest extends KeyedRequest {
  readonly lessonId: string;
  readonly questionCount?: number;
}
export interface SummaryRequest extends KeyedRequest {
  readonly lessonId: string;
  readonly maxSentences?: number;
}
export interface ExplanationRequest extends KeyedRequest {
  readonly problemId: string;
}

const lessonNotUsable: LessonNotUsable = {
  refusal: 'LessonNotUsable',
  message: 'The lesson does not exist, or has no text to work on.',
};
const problemNotAnswered: ProblemNotAnswered = {
  refusal: 'ProblemNotAnswered',
  message: 'Answer the problem first.',
};

export interface RequestsServiceOptions {
  readonly session: Session;
  readonly jobs: JobsRepository;
  readonly budgets: BudgetRepository;
  readonly lessons: LessonSource;
  readonly tokensPerDay: () => number;
  readonly clock: Clock;
}

export function createRequestsService(options: RequestsServiceOptions) {
  const { session, jobs, budgets, lessons, tokensPerDay, clock } = options;

  /** The job that had this key before, or the outcome of `make`. */
  async function once<T>(viewer: Viewer, key: string | null, make: () => Promise<T>): Promise<T | Job> {
    return (key !== null && (await jobs.byKey(viewer.id, key))) || make();
  }

  /** Throws RATE_LIMITED. A call that lost a race for its key reserves nothing. */
  function accept(viewer: Viewer, input: AiJobInput, idempotencyKey: string | null): Promise<Job | BudgetExceeded> {
    const reservedTokens = estimateReservation(input);
    return session.transaction(viewer.id, async (tx) => {
      const createdAt = clock.now();
      const budget = await budgets.hold(tx, viewer.id, dayOf(createdAt));
      const known = idempotencyKey && (await jobs.byKey(viewer.id, idempotencyKey, tx));
      if (known) return known;
      if ((await jobs.countActive(tx, viewer.id)) >= activeJobsMax) {
        throw new LyceumError('RATE_LIMITED', `At most ${activeJobsMax} jobs at a time. Wait for one to end.`);
      }
      if (!fitsBudget(budget, reservedTokens, tokensPerDay())) return budgetExceeded(createdAt);
      const job = await jobs.insert(tx, viewer.id, { input, reservedTokens, idempotencyKey, createdAt });
      // Around midnight a call with the same key may hold the other day's row, and come first.
      if (!job) return jobs.byKey(viewer.id, idempotencyKey!, tx) as Promise<Job>;
      await budgets.reserve(tx, viewer.id, dayOf(createdAt), reservedTokens);
      await tx.outbox.add(AiJobUpdated, eventOf(job));
      await tx.outbox.enqueue(RunAiJob, { jobId: job.id });
      return job;
    });
  }

  function onLesson(
    viewer: Viewer,
    lessonId: string,
    key: string | null,
    inputOf: (lesson: { lessonId: string; lessonTitle: string; lessonText: string }) => AiJobInput,
  ): Promise<RequestOutcome> {
    return once<RequestOutcome>(viewer, key, async () => {
      const lesson = await lessons.lesson(lessonId);
      return lesson ? accept(viewer, inputOf(lesson), key) : lessonNotUsable;
    });
  }

  return {
    async generateQuiz(viewer: Viewer, { lessonId, ...input }: QuizRequest): Promise<RequestOutcome> {
      const questionCount = readCount('questionCount', input.questionCount);
      const key = readKey(input.idempotencyKey);
      return onLesson(viewer, lessonId, key, (lesson) => ({ kind: 'QUIZ', ...lesson, questionCount }));
    },

    async summarizeLesson(viewer: Viewer, { lessonId, ...input }: SummaryRequest): Promise<RequestOutcome> {
      const maxSentences = readCount('maxSentences', input.maxSentences);
      const key = readKey(input.idempotencyKey);
      return onLesson(viewer, lessonId, key, (lesson) => ({ kind: 'SUMMARY', ...lesson, maxSentences }));
    },

    async explainAnswer(
      viewer: Viewer,
      { problemId, idempotencyKey }: ExplanationRequest,
    ): Promise<RequestOutcome | ProblemNotAnswered> {
      const key = readKey(idempotencyKey);
      return once<RequestOutcome | ProblemNotAnswered>(viewer, key, async () => {
        const problem = await lessons.problem(problemId);
        if (!problem) return lessonNotUsable;
        if (!problem.answer) return problemNotAnswered;
        return accept(viewer, { kind: 'EXPLANATION', problemId, ...problem.lesson, ...problem.answer }, key);
      });
    },
  };
}

export type RequestsService = ReturnType<typeof createRequestsService>;

function budgetExceeded(now: Date): BudgetExceeded {
  const message = 'The allowance of tokens for today is used up.';
  return { refusal: 'BudgetExceeded', message, renewsAt: renewalAfter(now) };
}

function readCount(argument: string, count = itemsDefault): number {
  if (count < 1 || count > itemsMax) throw badInput(argument, `must be between 1 and ${itemsMax}`);
  return count;
}

function readKey(key: string | null | undefined): string | null {
  if (key == null) return null;
  if (key === '' || key.length > keyLengthMax || /\p{Cc}/u.test(key)) {
    throw badInput('idempotencyKey', `must be a text of 1 to ${keyLengthMax} characters`);
  }
  return key;
}
