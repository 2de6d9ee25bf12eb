/**
 * What leaves the database, in which order, and that nothing is lost on the way.
 */
import { ProgressUpdated, RunAiJob } from '@lyceum/contracts';
import { eventually, openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  type Database,
  newId,
  newIdBeside,
  type OutboxReader,
  type OutboxRow,
  openOutboxReader,
} from '../src/index.ts';
import { log, openTestDatabase, urlsOf } from './support.ts';

let tenant: Tenant;
let opened: Awaited<ReturnType<typeof openTestDatabase<'progress'>>>;
let progress: Database<'progress'>;
let reader: OutboxReader;

beforeAll(async () => {
  tenant = await openTenant(['progress']);
  opened = await openTestDatabase('progress', tenant.env);
  progress = opened.database;
  reader = openOutboxReader({ domain: 'progress', urls: urlsOf(tenant.env, 'progress'), log });
});

afterEach(async () => {
  for (const shard of reader.shards) await collect(shard);
});

afterAll(async () => {
  await reader?.close();
  await opened?.close();
  await tenant?.close();
});

const payload = (learnerId: string, revision: number) => ({
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
});

const emit = (learnerId: string, revision: number) =>
  progress
    .session(learnerId)
    .transaction(learnerId, (tx) => tx.outbox.add(ProgressUpdated, payload(learnerId, revision)));

async function collect(shard: string, limit = 200): Promise<OutboxRow[]> {
  const all: OutboxRow[] = [];
  for (;;) {
    const { published } = await reader.drain(shard, async (rows) => void all.push(...rows), { limit });
    if (published < limit) return all;
  }
}

const revisionOf = (row: OutboxRow) => (row.payload as { revision: number }).revision;

test('an event leaves with its key, version, delivery and payload, a job with its queue', async () => {
  const learner = newId(1);
  await progress.session(learner).transaction(learner, async (tx) => {
    await tx.outbox.add(ProgressUpdated, payload(learner, 1));
    await tx.outbox.enqueue(RunAiJob, { jobId: learner });
  });
  const [event, job] = await collect('s1');
  expect(event).toMatchObject({
    kind: 'event',
    name: 'progress.updated',
    version: 1,
    key: learner,
    delivery: 'live',
    queue: null,
    payload: { learnerId: learner, revision: 1 },
  });
  expect(new Date(event!.occurredAt).toISOString()).toBe(event!.occurredAt);
  expect(job).toMatchObject({ kind: 'job', name: 'ai.run', key: learner, queue: 'ai', payload: { jobId: learner } });
});

test('nothing of a transaction that rolled back leaves', async () => {
  const learner = newId(2);
  await expect(
    progress.session(learner).transaction(learner, async (tx) => {
      await tx.outbox.add(ProgressUpdated, payload(learner, 1));
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');
  expect(await reader.waiting('s1')).toBe(0);
});

test('a payload that does not fit its schema is refused', async () => {
  const learner = newId(2);
  await expect(emit(learner, -1)).rejects.toThrow(/revision/);
});

test('events of a key leave in the order of commits, also when transactions overlap', async () => {
  const learner = newId(3);
  let finishFirst = () => {};
  const held = new Promise<void>((resolve) => {
    finishFirst = resolve;
  });
  let wrote = () => {};
  const firstWrote = new Promise<void>((resolve) => {
    wrote = resolve;
  });
  const first = progress.session(learner).transaction(learner, async (tx) => {
    await tx.outbox.add(ProgressUpdated, payload(learner, 1));
    wrote();
    await held;
  });
  await firstWrote;
  const second = emit(learner, 2);
  const other = newId(4);
  await emit(other, 1);
  // The other key is not held up; the second of this key waits for the first, so it cannot overtake it.
  expect((await collect('s1')).map((row) => row.key)).toEqual([other]);
  finishFirst();
  await Promise.all([first, second]);
  expect((await collect('s1')).map(revisionOf)).toEqual([1, 2]);
});

test('many writers of many keys: every event leaves once, each key in its order', async () => {
  const learners = Array.from({ length: 6 }, (_, n) => newId(100 + n));
  await Promise.all(
    learners.map(async (learner) => {
      for (let revision = 1; revision <= 15; revision += 1) await emit(learner, revision);
    }),
  );
  const rows = await collect('s1', 7);
  expect(new Set(rows.map((row) => row.id)).size).toBe(90);
  for (const learner of learners) {
    const revisions = rows.filter((row) => row.key === learner).map(revisionOf);
    expect(revisions).toEqual(Array.from({ length: 15 }, (_, n) => n + 1));
  }
});

test('when publishing throws nothing is lost, and the order stays', async () => {
  const learner = newId(5);
  for (const revision of [1, 2, 3]) await emit(learner, revision);
  await expect(
    reader.drain('s1', async () => {
      throw new Error('Redis is away');
    }),
  ).rejects.toThrow('Redis is away');
  expect(await reader.waiting('s1', learner)).toBe(3);
  expect((await collect('s1')).map(revisionOf)).toEqual([1, 2, 3]);
  expect(await reader.waiting('s1')).toBe(0);
});

test('two readers never publish at the same time', async () => {
  await emit(newId(6), 1);
  const rival = openOutboxReader({ domain: 'progress', urls: urlsOf(tenant.env, 'progress'), log });
  try {
    const mine = await reader.drain('s1', async () => {
      expect(await rival.drain('s1', async () => expect.unreachable())).toEqual({ published: 0, busy: true });
    });
    expect(mine).toEqual({ published: 1, busy: false });
    expect(await rival.drain('s1', async () => expect.unreachable())).toEqual({ published: 0, busy: false });
  } finally {
    await rival.close();
  }
});

test('the position handed over with events covers their commits', async () => {
  const learner = newId(7);
  await progress.session(learner).transaction(learner, async (tx) => {
    await tx.learnerStreak.create({
      data: { learnerId: learner, currentDays: 1, longestDays: 1, lastActiveOn: new Date('2026-11-21') },
    });
    await tx.outbox.add(ProgressUpdated, payload(learner, 1));
  });
  const position = await new Promise<string>((resolve, reject) => {
    reader.drain('s1', async (_, positions) => resolve(positions['progress/s1']!)).catch(reject);
  });
  const url = tenant.databaseUrl('progress', 's1', 'replica');
  await eventually(async () => {
    const [row] = await sql(url, 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS reached', [position]);
    return row?.reached === true;
  });
  expect(await sql(url, 'SELECT 1 FROM learner_streak WHERE learner_id = $1', [learner])).toHaveLength(1);
});

test('a commit wakes the listener of its shard, again after its connection was lost', async () => {
  const listener = openOutboxReader({ domain: 'progress', urls: urlsOf(tenant.env, 'progress'), log });
  const woken: string[] = [];
  try {
    listener.listen((shard) => woken.push(shard));
    await eventually(() => woken.includes('s1') && woken.includes('s2'));
    woken.length = 0;
    await emit(newId(4000), 1);
    await eventually(() => woken.length > 0);
    expect(new Set(woken)).toEqual(new Set(['s2']));

    woken.length = 0;
    const cut = await sql(
      tenant.databaseUrl('progress', 's2'),
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'lyceum-relay-listen'`,
    );
    expect(cut).toHaveLength(1);
    await eventually(() => woken.includes('s2'));
    woken.length = 0;
    await emit(newId(4001), 1);
    await eventually(() => woken.includes('s2'));
  } finally {
    await listener.close();
  }
});
