/**
 * Jobs, on the learner's shard. Every statement carries the learner's id, so that no caller can reach another's.
 *
 * Workers claim and finish jobs by statements of their own, fenced by attempt and state; here they are only accepted,
 * read and cancelled.
 */
import type { AiJobInput, AiJobOutput, AiJobState } from '@lyceum/contracts';
import {
  type ai,
  type Client,
  type Consistency,
  columns,
  type DatabaseSession,
  isId,
  newIdBeside,
  type Tx,
} from '@lyceum/database';
import type { Job } from './job.ts';

/** Where a page begins: after this job in the order newest first. */
export type JobPosition = Pick<Job, 'id' | 'createdAt'>;

export interface NewJob {
  readonly input: AiJobInput;
  readonly reservedTokens: number;
  readonly idempotencyKey: string | null;
  readonly createdAt: Date;
}

const jobsPerLessonMax = 20;
const selected = {
  id: true,
  learnerId: true,
  kind: true,
  state: true,
  attempt: true,
  percentage: true,
  lessonId: true,
  output: true,
  failureCode: true,
  failureMessage: true,
  model: true,
  promptTokens: true,
  completionTokens: true,
  reservedTokens: true,
  createdAt: true,
  updatedAt: true,
  finishedAt: true,
} as const;

const COLUMNS = columns(Object.keys(selected), 'job');

type JobRow = Pick<ai.AiJob, keyof typeof selected>;
const toJob = (row: JobRow): Job => ({ ...row, output: row.output as AiJobOutput | null });

export function createJobsRepository(session: DatabaseSession<'ai'>) {
  async function find(client: Client<'ai'> | Tx<'ai'>, where: { learnerId: string } & ai.Prisma.AiJobWhereInput) {
    const row = await client.aiJob.findFirst({ where, select: selected });
    return row && toJob(row);
  }

  return {
    async byId(learnerId: string, id: string, consistency: Consistency): Promise<Job | null> {
      return isId(id) ? find(await session.read(learnerId, consistency), { learnerId, id }) : null;
    },

    async byIds(learnerId: string, ids: readonly string[]): Promise<Map<string, Job>> {
      const client = await session.read(learnerId);
      const where = { learnerId, id: { in: ids.filter(isId) } };
      const rows = await client.aiJob.findMany({ where, select: selected });
      return new Map(rows.map((row) => [row.id, toJob(row)]));
    },

    /** Newest first, at most 20 for each lesson. One query for all of them. */
    async byLessons(learnerId: string, lessonIds: readonly string[]): Promise<Map<string, Job[]>> {
      const client = await session.read(learnerId);
      const rows = await client.$queryRaw<JobRow[]>`
        SELECT ${COLUMNS}
        FROM unnest(${lessonIds.filter(isId)}::uuid[]) AS asked(lesson_id)
        CROSS JOIN LATERAL (
          SELECT * FROM ai_job
          WHERE learner_id = ${learnerId}::uuid AND lesson_id = asked.lesson_id
          ORDER BY created_at DESC, id DESC LIMIT ${jobsPerLessonMax}
        ) AS job
        ORDER BY job.created_at DESC, job.id DESC`;
      return Map.groupBy(rows.map(toJob), ({ lessonId }) => lessonId);
    },

    /** Newest first. */
    async page(learnerId: string, limit: number, after: JobPosition | null, state: AiJobState | null): Promise<Job[]> {
      const client = await session.read(learnerId);
      const rows = await client.aiJob.findMany({
        where: {
          learnerId,
          ...(state && { state }),
          ...(after && {
            createdAt: { lte: after.createdAt },
            OR: [{ createdAt: { lt: after.createdAt } }, { id: { lt: after.id } }],
          }),
        },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit,
        select: selected,
      });
      return rows.map(toJob);
    },

    /** The job a key was given to before. In a transaction: as last committed. */
    async byKey(learnerId: string, idempotencyKey: string, tx?: Tx<'ai'>): Promise<Job | null> {
      return find(tx ?? (await session.read(learnerId)), { learnerId, idempotencyKey });
    },

    countActive(tx: Tx<'ai'>, learnerId: string): Promise<number> {
      return tx.aiJob.count({ where: { learnerId, state: { in: ['QUEUED', 'RUNNING'] } } });
    },

    /** Null if another call with the same key came first. */
    async insert(tx: Tx<'ai'>, learnerId: string, job: NewJob): Promise<Job | null> {
      const { kind, lessonId } = job.input;
      const data = { ...job, id: newIdBeside(learnerId), learnerId, kind, lessonId };
      const [row] = await tx.aiJob.createManyAndReturn({ data, skipDuplicates: true, select: selected });
      return row ? toJob(row) : null;
    },

    /** The job as last committed, held until the transaction ends. */
    async lock(tx: Tx<'ai'>, learnerId: string, id: string): Promise<Job | null> {
      if (!isId(id)) return null;
      await tx.$queryRaw`SELECT 1 FROM ai_job WHERE id = ${id}::uuid AND learner_id = ${learnerId}::uuid FOR UPDATE`;
      return find(tx, { learnerId, id });
    },

    /** Expects the row to be locked. What is returned is no longer the job's to settle. */
    async cancel(tx: Tx<'ai'>, job: Job, returnedTokens: number, finishedAt: Date): Promise<Job> {
      const { id, learnerId } = job;
      const reservedTokens = job.reservedTokens - returnedTokens;
      const data = { state: 'CANCELLED', reservedTokens, finishedAt } as const;
      await tx.aiJob.updateMany({ where: { id, learnerId }, data });
      return { ...job, ...data };
    },
  };
}

export type JobsRepository = ReturnType<typeof createJobsRepository>;
