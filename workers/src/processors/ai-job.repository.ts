/**
 * The rows of AI jobs and budgets as a worker writes them.
 *
 * Fencing: claiming a job raises its attempt; every later write names the attempt it belongs to and changes nothing if
 * the job has moved on (a newer attempt, an end, a cancellation). State changes leave through the outbox of the same
 * transaction, and the reservation is settled in it, so a job ends once and pays once.
 */
import { AiJobInput, type AiJobOutput, type AiJobState, AiJobUpdated } from '@lyceum/contracts';
import { type ai, type Database, sql, type Tx } from '@lyceum/database';
import { settle, type TokenUsage } from '@lyceum/models';

/** One run of a job. */
export interface Fence {
  readonly jobId: string;
  readonly learnerId: string;
  readonly attempt: number;
}

export type Claim =
  | { readonly outcome: 'claimed'; readonly fence: Fence; readonly input: AiJobInput }
  /** It ended, was cancelled, or never existed. */
  | { readonly outcome: 'nothing-to-do' }
  /** Its last attempt vanished without a word: this call ended it as FAILED. */
  | { readonly outcome: 'exhausted' };

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface Work {
  /** The catalogue's name of the model. */
  readonly model: string | null;
  readonly usage: TokenUsage | null;
}

type AiTx = Tx<'ai'>;

export class AiJobRepository {
  readonly #database: Database<'ai'>;

  constructor(database: Database<'ai'>) {
    this.#database = database;
  }

  shardOf(jobId: string): string {
    return this.#database.shardOf(jobId);
  }

  /** Raises the attempt and announces RUNNING, unless `maxAttempts` have been made. */
  claim(jobId: string, maxAttempts: number): Promise<Claim> {
    return this.#transaction(jobId, async (tx) => {
      const [job] = await tx.aiJob.updateManyAndReturn({
        where: { id: jobId, state: { in: ['QUEUED', 'RUNNING'] }, attempt: { lt: maxAttempts } },
        data: { attempt: { increment: 1 }, state: 'RUNNING', percentage: 0, startedAt: new Date() },
        select: { learnerId: true, attempt: true, input: true },
      });
      if (job) {
        const fence = { jobId, learnerId: job.learnerId, attempt: job.attempt };
        await announce(tx, fence, 'RUNNING', 0);
        return { outcome: 'claimed', fence, input: AiJobInput.parse(job.input) };
      }
      const spent = await tx.aiJob.findFirst({
        where: { id: jobId, state: { in: ['QUEUED', 'RUNNING'] } },
        select: { learnerId: true, attempt: true },
      });
      if (!spent) return { outcome: 'nothing-to-do' };
      const failure = { code: 'INTERNAL', message: 'The work was interrupted too many times.' };
      await end(tx, { jobId, ...spent }, failed(failure), { model: null, usage: null });
      return { outcome: 'exhausted' };
    });
  }

  /** A sign of life. False: this attempt no longer counts. */
  async advance(fence: Fence, percentage: number): Promise<boolean> {
    const { count } = await this.#transaction(fence.jobId, (tx) =>
      tx.aiJob.updateMany({ where: standing(fence), data: { percentage } }),
    );
    return count > 0;
  }

  /** False: this attempt no longer counts, and nothing was written. */
  succeed(fence: Fence, output: AiJobOutput, work: Work): Promise<boolean> {
    const ending = { state: 'SUCCEEDED', output, percentage: 100 } as const;
    return this.#transaction(fence.jobId, (tx) => end(tx, fence, ending, work));
  }

  /** False: this attempt no longer counts, and nothing was written. */
  fail(fence: Fence, failure: Failure, work: Work): Promise<boolean> {
    return this.#transaction(fence.jobId, (tx) => end(tx, fence, failed(failure), work));
  }

  /**
   * After a cancellation, once: records what this attempt used.
   *
   * Who cancels a running job spends its whole reservation, because nobody may be left to count; this gives back the rest.
   */
  settleCancelled(fence: Fence, work: Work): Promise<void> {
    const usage = work.usage ?? { promptTokens: 0, completionTokens: 0 };
    return this.#transaction(fence.jobId, async (tx) => {
      const [job] = await tx.aiJob.updateManyAndReturn({
        where: { id: fence.jobId, attempt: fence.attempt, state: 'CANCELLED', completionTokens: null },
        data: { ...usage, ...modelOf(work) },
        select: account,
      });
      if (job) await charge(tx, job, { reserved: 0, spent: settle(0, usage).spent - job.reservedTokens });
    });
  }

  /** Jobs that have not ended and gave no sign of life since `before`, the oldest first, over all shards. */
  async findSilent(before: Date, limit: number): Promise<string[]> {
    const found = await this.#database.session(null).everyShard(
      (client) =>
        client.aiJob.findMany({
          where: { state: { in: ['QUEUED', 'RUNNING'] }, updatedAt: { lt: before } },
          orderBy: { updatedAt: 'asc' },
          take: limit,
          select: { id: true },
        }),
      'primary',
    );
    return found.flat().map(({ id }) => id);
  }

  #transaction<T>(jobId: string, work: (tx: AiTx) => Promise<T>): Promise<T> {
    return this.#database.session(null).transaction(jobId, work);
  }
}

/** What settling needs of a job's row. */
const account = { learnerId: true, createdAt: true, reservedTokens: true } as const;
type Account = Pick<ai.AiJob, keyof typeof account>;

function standing({ jobId, attempt }: Fence) {
  return { id: jobId, attempt, state: 'RUNNING' } as const;
}

function failed(failure: Failure) {
  return { state: 'FAILED', failureCode: failure.code, failureMessage: failure.message } as const;
}

function modelOf({ model }: Work) {
  return model === null ? {} : { model };
}

type Ending = ReturnType<typeof failed> | { state: 'SUCCEEDED'; output: AiJobOutput; percentage: 100 };

/** Ends the job and settles its budget. False if the attempt no longer counts. */
async function end(tx: AiTx, fence: Fence, ending: Ending, work: Work): Promise<boolean> {
  const [job] = await tx.aiJob.updateManyAndReturn({
    where: { ...standing(fence), state: { in: ['QUEUED', 'RUNNING'] } },
    data: { ...ending, ...work.usage, ...modelOf(work), finishedAt: new Date() },
    select: { ...account, percentage: true },
  });
  if (!job) return false;
  await charge(tx, job, settle(job.reservedTokens, work.usage));
  await announce(tx, fence, ending.state, job.percentage);
  return true;
}

/** On the UTC day on which the job was accepted, however long it ran. */
async function charge(tx: AiTx, job: Account, change: { reserved: number; spent: number }): Promise<void> {
  const day = job.createdAt.toISOString().slice(0, 10);
  await tx.$executeRaw(
    sql`UPDATE ai_budget SET reserved = greatest(0, reserved + ${change.reserved}), spent = spent + ${change.spent}
        WHERE learner_id = ${job.learnerId}::uuid AND day = ${day}::date`,
  );
}

async function announce(tx: AiTx, fence: Fence, state: AiJobState, percentage: number): Promise<void> {
  await tx.outbox.add(AiJobUpdated, { ...fence, state, percentage, tokenDelta: null });
}
