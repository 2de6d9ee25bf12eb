/**
 * What the tests of the outbox share: a tenant of the progress domain, events of learners, and ways to take them out.
 */
import { ProgressUpdated } from '@lyceum/contracts';
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import {
  type Database,
  newId,
  newIdBeside,
  type OutboxReader,
  type OutboxRow,
  openOutboxReader,
  type SendOutcome,
} from '../src/index.ts';
import { log, openTestDatabase, urlsOf } from './support.ts';

export interface Outbox extends AsyncDisposable {
  readonly tenant: Tenant;
  readonly database: Database<'progress'>;
  readonly reader: OutboxReader;
  /** Another relay's. */
  openRival(): OutboxReader;
  /** Commits one event of the learner in a transaction of its own. */
  emit(learnerId: string, revision: number): Promise<void>;
  /** Sends all that is due of a shard, and returns it as it was sent. */
  collect(shard: string, reader?: OutboxReader): Promise<OutboxRow[]>;
  waiting(shard: string): Promise<number>;
  /** As many learners as asked for, on shard s1, whose events are in one lane, or each in a lane of its own. */
  learners(count: number, where: 'one lane' | 'lanes of their own'): Promise<string[]>;
  query(shard: string, statement: string, values?: unknown[]): ReturnType<typeof sql>;
}

export async function openOutbox(): Promise<Outbox> {
  const tenant = await openTenant(['progress']);
  const { database, close } = await openTestDatabase('progress', tenant.env);
  const openReader = () => openOutboxReader({ domain: 'progress', urls: urlsOf(tenant.env, 'progress'), log });
  const reader = openReader();
  const query: Outbox['query'] = (shard, statement, values) =>
    sql(tenant.databaseUrl('progress', shard), statement, values);
  return {
    tenant,
    database,
    reader,
    openRival: openReader,
    query,
    emit: (learnerId, revision) =>
      database
        .session(learnerId)
        .transaction(learnerId, (tx) => tx.outbox.add(ProgressUpdated, progressOf(learnerId, revision))),
    async collect(shard, by = reader) {
      const all: OutboxRow[] = [];
      const take = async (rows: readonly OutboxRow[]) => {
        all.push(...rows);
        return sentAll(rows);
      };
      while ((await by.drain(shard, take)).claimed);
      return all;
    },
    waiting: async (shard) => (await reader.backlog(shard)).waiting,
    async learners(count, where) {
      const found: { id: string; lane: number }[] = [];
      const fits = (lane: number) =>
        where === 'one lane' ? lane === (found[0]?.lane ?? lane) : found.every((one) => one.lane !== lane);
      for (let bucket = 200; found.length < count; bucket += 1) {
        const id = newId(bucket);
        const [row] = await query('s1', 'SELECT outbox_lane_of($1, $2) AS lane', [ProgressUpdated.name, id]);
        if (fits(row!.lane)) found.push({ id, lane: row!.lane });
      }
      return found.map(({ id }) => id);
    },
    async [Symbol.asyncDispose]() {
      await reader.close();
      await close();
      await tenant.close();
    },
  };
}

export function sentAll(rows: readonly OutboxRow[]): SendOutcome {
  return { sent: rows.map(({ id }) => id), refused: [] };
}

export function progressOf(learnerId: string, revision: number) {
  return {
    learnerId,
    courseId: newId(0),
    enrollmentId: newIdBeside(learnerId),
    reason: 'LESSON_COMPLETED' as const,
    lessonId: newId(0),
    completedLessons: revision,
    totalLessons: 100,
    answeredProblems: 0,
    correctProblems: 0,
    totalProblems: 0,
    percentage: 1,
    revision,
  };
}

export const revisionOf = (row: OutboxRow) => (row.payload as { revision: number }).revision;
