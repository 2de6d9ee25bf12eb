/**
 * Runs one AI job: claims it, lets a model write, shows the text while it comes, and writes exactly one result.
 *
 * Safe to run twice: the row's attempt decides whose result counts. Order per job: RUNNING is out before the first text,
 * all text is out before the end is committed.
 */
import { type AiJobInput, type AiJobOutput, type EventEnvelope, RunAiJob } from '@lyceum/contracts';
import {
  type ChatRequest,
  estimateTokens,
  type ModelRouter,
  promptFor,
  readAnswer,
  type TokenUsage,
} from '@lyceum/models';
import { type Clock, isLyceumError, type Logger, LyceumError } from '@lyceum/service-kit';
import { type Cancellations, JobCancelled } from '../cancellations.ts';
import type { JobContext, Processor } from '../worker-host.ts';
import type { AiJobMetrics } from './ai-job.metrics.ts';
import type { AiJobRepository, Failure, Fence, Work } from './ai-job.repository.ts';
import { Heartbeat, SupersededError } from './heartbeat.ts';
import { TokenFeed } from './token-feed.ts';

export interface AiJobProcessorOptions {
  readonly jobs: AiJobRepository;
  readonly router: ModelRouter;
  readonly cancellations: Cancellations;
  /** Resolves when what was committed about this job before the call has been published. */
  readonly flushOutbox: (jobId: string, signal: AbortSignal) => Promise<void>;
  readonly publish: (envelope: EventEnvelope) => Promise<unknown>;
  readonly metrics: AiJobMetrics;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
}

/** A model that answers nonsense may do better once more; asking again and again does not pay. */
const MAX_INVALID_ANSWERS = 2;

/** What is known about a run while it runs; an end of any kind reads it. */
interface Run {
  readonly fence: Fence;
  readonly input: AiJobInput;
  readonly log: Logger;
  request: ChatRequest | null;
  model: string | null;
  text: string;
  usage: TokenUsage | null;
}

export function createAiJobProcessor(options: AiJobProcessorOptions): Processor<typeof RunAiJob> {
  const { jobs, cancellations, metrics } = options;

  return {
    job: RunAiJob,
    timeoutMs: options.timeoutMs,
    async process({ jobId }, { signal, log }: JobContext) {
      const cancellation = cancellations.watch(jobId);
      try {
        const claim = await jobs.claim(jobId, options.maxAttempts);
        if (claim.outcome !== 'claimed') return void log.info({ outcome: claim.outcome }, 'job not run');
        const { fence, input } = claim;
        const run: Run = { fence, input, log: log.child(fence), request: null, model: null, text: '', usage: null };
        await runClaimed(options, run, AbortSignal.any([signal, cancellation.signal]));
      } finally {
        cancellation.stop();
      }
    },
  };

  async function runClaimed(o: AiJobProcessorOptions, run: Run, outer: AbortSignal): Promise<void> {
    const stopClock = metrics.startTimer(run.input.kind);
    const heartbeat = new Heartbeat((percentage) => jobs.advance(run.fence, percentage), run.log);
    const signal = AbortSignal.any([outer, heartbeat.superseded]);
    try {
      const output = await write(o, run, heartbeat, signal);
      await heartbeat.stop();
      const hasWon = await jobs.succeed(run.fence, output, workOf(run));
      stopClock(hasWon ? 'succeeded' : 'superseded');
      run.log.info({ hasWon, model: run.model, ...run.usage }, 'model answered');
    } catch (error) {
      await heartbeat.stop();
      stopClock(await endBadly(run, signal.aborted ? signal.reason : error));
    }
  }

  /** Returns how the run ended for metrics, or throws to have it tried again. */
  async function endBadly(run: Run, error: unknown): Promise<string> {
    if (error instanceof SupersededError || error instanceof JobCancelled) {
      // A cancelled row also looks superseded to the heartbeat; settling changes only a cancelled one.
      await jobs.settleCancelled(run.fence, { model: run.model, usage: estimateUsage(run) });
      run.log.info({ reason: error.name }, 'job stopped');
      return error instanceof JobCancelled ? 'cancelled' : 'superseded';
    }
    const failure = failureOf(error);
    // This process ends, or its database is away: not the model's fault, and not the end of the job.
    if (isLyceumError(error) && error.code === 'SERVICE_UNAVAILABLE') throw error;
    if (mayRetry(error, run.fence.attempt)) {
      metrics.ended(run.input.kind, 'retried');
      throw error;
    }
    run.log.error({ err: error, code: failure.code }, 'job failed');
    const hasWon = await jobs.fail(run.fence, failure, workOf(run));
    return hasWon ? 'failed' : 'superseded';
  }

  function mayRetry(error: unknown, attempt: number): boolean {
    if (isLyceumError(error) && error.code === 'MODEL_REJECTED') return false;
    const invalid = isLyceumError(error) && error.code === 'MODEL_OUTPUT_INVALID';
    return attempt < (invalid ? Math.min(MAX_INVALID_ANSWERS, options.maxAttempts) : options.maxAttempts);
  }
}

/** Streams the model's answer into `run` and to the readers; returns the checked output. */
async function write(
  o: AiJobProcessorOptions,
  run: Run,
  heartbeat: Heartbeat,
  signal: AbortSignal,
): Promise<AiJobOutput> {
  const { fence, input, log } = run;
  await o.flushOutbox(fence.jobId, signal);
  const newEventId = () => o.jobs.newEventId(fence.jobId);
  const feed = new TokenFeed({ fence, publish: o.publish, newEventId, now: () => o.clock.now(), log });
  const requestFor = (entry: { contextTokens: number }) => {
    run.request = promptFor(input, { maxTextCharacters: textBound(input, entry.contextTokens) });
    return run.request;
  };
  let isComplete = false;
  try {
    const onModel = (entry: { name: string }) => {
      run.model = entry.name;
    };
    for await (const chunk of o.router.stream(input.kind, requestFor, { signal, onModel })) {
      if (chunk.type === 'end') {
        run.usage = chunk.usage;
        isComplete = chunk.isComplete;
        continue;
      }
      run.text += chunk.text;
      const percentage = percentageOf(run);
      heartbeat.percentage = percentage;
      feed.push(chunk.text, percentage);
    }
    signal.throwIfAborted();
    await feed.end();
  } catch (error) {
    await feed.cancel();
    throw error;
  }
  o.metrics.used(run.model!, run.usage!);
  if (!isComplete) throw new LyceumError('MODEL_OUTPUT_INVALID', "The model's answer was cut short.");
  return readAnswer(input, run.text);
}

/** Three characters a token, as reservations count, and a fifth of the window left for the instructions and the answer. */
function textBound(input: AiJobInput, contextTokens: number): number {
  const { maxOutputTokens } = promptFor({ ...input, lessonText: '' });
  return Math.max(1_000, Math.floor((contextTokens * 0.8 - maxOutputTokens) * 3));
}

/** Nobody knows how long an answer gets: nears 95 as the text nears its bound, and never goes back. */
function percentageOf({ text, request }: Run): number {
  const share = estimateTokens(text) / (request?.maxOutputTokens ?? 1);
  return Math.round(950 * (1 - Math.exp(-3 * share))) / 10;
}

/** For a call that was cut off before the model reported its usage. Null if no model was asked. */
function estimateUsage({ request, text, usage }: Run): TokenUsage | null {
  if (usage || !request) return usage;
  const prompt = request.messages.map((message) => message.content).join('\n');
  return { promptTokens: estimateTokens(prompt), completionTokens: estimateTokens(text) };
}

function workOf({ model, usage }: Run): Work {
  return { model, usage };
}

/** The codes of `AiFailure`: what is not a model's fault is INTERNAL, and its message stays inside. */
function failureOf(error: unknown): Failure {
  if (isLyceumError(error) && ['MODEL_UNAVAILABLE', 'MODEL_OUTPUT_INVALID', 'TIMED_OUT'].includes(error.code)) {
    return { code: error.code, message: error.message };
  }
  return { code: 'INTERNAL', message: 'Something went wrong on our side.' };
}
