/**
 * The rows of AI jobs and budgets as a worker writes them.
 *
 * Fencing: claiming a job raises its attempt; every later write names the attempt it belongs to and changes nothing if
 * the job has moved on (a newer attempt, an end, a cancellation). State changes leave through the outbox of the same
 * transaction, and the reservation is settled in it, so a job ends once and pays once.
 */
import { AiJobFinished, AiJobInput, type AiJobOutput, type AiJobState, AiJobUpdated } from '@lyceum/contracts';
import { type Database, newIdBeside, type Sql, sql, type Tx } from '@lyceum/database';
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

  newEventId(jobId: string): string {
    return newIdBeside(jobId);
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
      await end(tx, { jobId, ...spent }, failed(failure), noWork);
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

  /** After a cancellation: returns what is still reserved and charges what this attempt used, once. */
  settleCancelled(fence: Fence, work: Work): Promise<void> {
    return this.#transaction(fence.jobId, async (tx) => {
      const job = await hold(tx, fence.jobId);
      if (job?.state === 'CANCELLED' && job.attempt === fence.attempt) await close(tx, job, {}, work);
    });
  }

  /** For a cancelled job whose worker is gone: returns what is still reserved. Nobody knows what was used. */
  async releaseCancelled(jobId: string): Promise<void> {
    await this.#transaction(jobId, async (tx) => {
      const job = await hold(tx, jobId);
      if (job?.state === 'CANCELLED') await close(tx, job, {}, noWork);
    });
  }

  /** Jobs that have not ended and gave no sign of life since `before`, the oldest first, over all shards. */
  findSilent(before: Date, limit: number): Promise<string[]> {
    return this.#find(sql`state IN ('QUEUED', 'RUNNING') AND updated_at < ${before}::timestamptz`, limit);
  }

  /** Jobs that were cancelled before `before` and still hold a reservation. */
  findUnsettled(before: Date, limit: number): Promise<string[]> {
    return this.#find(sql`state = 'CANCELLED' AND reserved_tokens > 0 AND updated_at < ${before}::timestamptz`, limit);
  }

  /** Rows that do not count where they lie are left out before the limit, or they would hide those that do. */
  async #find(condition: Sql, limit: number): Promise<string[]> {
    const found = await this.#database.session(null).everyShard(
      (client, place) =>
        client.$queryRaw<{ id: string }[]>`
          SELECT id FROM ai_job WHERE ${condition} ${place.owned('id')} ORDER BY updated_at LIMIT ${limit}::int`,
      'primary',
    );
    return found.flat().map(({ id }) => id);
  }

  #transaction<T>(jobId: string, work: (tx: AiTx) => Promise<T>): Promise<T> {
    return this.#database.session(null).transaction(jobId, work);
  }
}

const noWork: Work = { model: null, usage: null };

function standing({ jobId, attempt }: Fence) {
  return { id: jobId, attempt, state: 'RUNNING' } as const;
}

function failed(failure: Failure) {
  return { state: 'FAILED', failureCode: failure.code, failureMessage: failure.message } as const;
}

/** What ending and settling need of a job's row. */
interface HeldJob {
  readonly id: string;
  readonly learnerId: string;
  readonly state: AiJobState;
  readonly attempt: number;
  readonly percentage: number;
  /** Not yet returned to the budget; 0 once settled. */
  readonly reservedTokens: number;
  readonly createdAt: Date;
}

/** The row as last committed, locked until the transaction ends. */
async function hold(tx: AiTx, jobId: string): Promise<HeldJob | null> {
  const rows = await tx.$queryRaw<HeldJob[]>(
    sql`SELECT id::text, learner_id::text AS "learnerId", state::text, attempt, percentage,
               reserved_tokens AS "reservedTokens", created_at AS "createdAt"
        FROM ai_job WHERE id = ${jobId}::uuid FOR UPDATE`,
  );
  return rows[0] ?? null;
}

type Ending = ReturnType<typeof failed> | { state: 'SUCCEEDED'; output: AiJobOutput; percentage: 100 };

/** False if the attempt no longer counts. */
async function end(tx: AiTx, fence: Fence, ending: Ending, work: Work): Promise<boolean> {
  const job = await hold(tx, fence.jobId);
  if (job?.attempt !== fence.attempt || (job.state !== 'RUNNING' && job.state !== 'QUEUED')) return false;
  await close(tx, job, { ...ending, finishedAt: new Date() }, work);
  await announce(tx, fence, ending.state, 'percentage' in ending ? ending.percentage : job.percentage);
  const { jobId, learnerId } = fence;
  await tx.outbox.add(AiJobFinished, { jobId, learnerId, state: ending.state });
  return true;
}

/** Writes how the job ended and settles its budget, on the UTC day on which it was accepted. Does nothing twice. */
async function close(tx: AiTx, job: HeldJob, data: Partial<Ending> & { finishedAt?: Date }, work: Work): Promise<void> {
  const model = work.model === null ? {} : { model: work.model };
  await tx.aiJob.update({ where: { id: job.id }, data: { ...data, ...model, ...work.usage, reservedTokens: 0 } });
  if (job.reservedTokens === 0) return;
  const { reserved, spent } = settle(job.reservedTokens, work.usage);
  const day = job.createdAt.toISOString().slice(0, 10);
  await tx.$executeRaw(
    sql`UPDATE ai_budget SET reserved = greatest(0, reserved + ${reserved}), spent = spent + ${spent}
        WHERE learner_id = ${job.learnerId}::uuid AND day = ${day}::date`,
  );
}

async function announce(tx: AiTx, fence: Fence, state: AiJobState, percentage: number): Promise<void> {
  await tx.outbox.add(AiJobUpdated, { ...fence, state, percentage, tokenDelta: null });
}
