/**
 * What leaves the database, in which order, and that nothing is lost on the way.
 */
import { ProgressUpdated, RunAiJob } from '@lyceum/contracts';
import { eventually, sql } from '@lyceum/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newId } from '../src/index.ts';
import { type Outbox, openOutbox, progressOf, revisionOf, sentAll } from './outbox.ts';

let outbox: Outbox;
beforeAll(async () => {
  outbox = await openOutbox();
});
afterEach(async () => {
  for (const shard of outbox.reader.shards) await outbox.collect(shard);
});
afterAll(() => outbox?.[Symbol.asyncDispose]());

test('an event leaves with its key, version, delivery and payload, a job with its queue', async () => {
  const learner = newId(1);
  await outbox.database.session(learner).transaction(learner, async (tx) => {
    await tx.outbox.add(ProgressUpdated, progressOf(learner, 1));
    await tx.outbox.enqueue(RunAiJob, { jobId: learner });
  });
  const [event, job] = await outbox.collect('s1');
  expect(event).toEqual({
    id: expect.any(String),
    kind: 'event',
    name: 'progress.updated',
    version: 1,
    key: learner,
    delivery: 'live',
    queue: null,
    payload: expect.objectContaining({ learnerId: learner, revision: 1 }),
    occurredAt: expect.any(String),
  });
  expect(new Date(event!.occurredAt).toISOString()).toBe(event!.occurredAt);
  expect(job).toMatchObject({ kind: 'job', name: 'ai.run', key: learner, queue: 'ai', payload: { jobId: learner } });
});

test('nothing of a transaction that rolled back leaves', async () => {
  const learner = newId(2);
  await expect(
    outbox.database.session(learner).transaction(learner, async (tx) => {
      await tx.outbox.add(ProgressUpdated, progressOf(learner, 1));
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');
  expect(await outbox.waiting('s1')).toBe(0);
});

test('a payload that does not fit its schema is refused', async () => {
  const learner = newId(2);
  await expect(outbox.emit(learner, -1)).rejects.toThrow(/revision/);
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
  const first = outbox.database.session(learner).transaction(learner, async (tx) => {
    await tx.outbox.add(ProgressUpdated, progressOf(learner, 1));
    wrote();
    await held;
  });
  await firstWrote;
  const second = outbox.emit(learner, 2);
  const other = newId(4);
  await outbox.emit(other, 1);
  // The other key is not held up; the second of this key waits for the first, so it cannot overtake it.
  expect((await outbox.collect('s1')).map((row) => row.key)).toEqual([other]);
  finishFirst();
  await Promise.all([first, second]);
  expect((await outbox.collect('s1')).map(revisionOf)).toEqual([1, 2]);
});

test('when sending throws nothing is lost, and the order stays', async () => {
  const learner = newId(5);
  for (const revision of [1, 2, 3]) await outbox.emit(learner, revision);
  await expect(
    outbox.reader.drain('s1', async () => {
      throw new Error('Redis is away');
    }),
  ).rejects.toThrow('Redis is away');
  expect(await outbox.waiting('s1')).toBe(3);
  expect((await outbox.collect('s1')).map(revisionOf)).toEqual([1, 2, 3]);
  expect(await outbox.waiting('s1')).toBe(0);
});

test('when a relay dies between sending and deleting, its messages are sent again under their ids', async () => {
  const learner = newId(6);
  for (const revision of [1, 2, 3]) await outbox.emit(learner, revision);
  const sent: string[] = [];
  const dying = outbox.reader.drain('s1', async (rows) => {
    sent.push(...rows.map(({ id }) => id));
    await outbox.query(
      's1',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND state = 'idle in transaction' AND application_name LIKE 'lyceum-relay-%'`,
    );
    return sentAll(rows);
  });
  await expect(dying).rejects.toThrow();
  expect(sent).toHaveLength(3);
  expect((await outbox.collect('s1')).map(({ id }) => id)).toEqual(sent);
});

test('what was sent before a batch was interrupted is not sent again', async () => {
  const learner = newId(7);
  for (const revision of [1, 2, 3]) await outbox.emit(learner, revision);
  await outbox.reader.drain('s1', async (rows) => sentAll(rows.slice(0, 1)));
  expect((await outbox.collect('s1')).map(revisionOf)).toEqual([2, 3]);
});

test('the position handed over with events covers their commits, and a replica reaches it before the batch ends', async () => {
  const learner = newId(8);
  await outbox.database.session(learner).transaction(learner, async (tx) => {
    await tx.learnerStreak.create({
      data: { learnerId: learner, currentDays: 1, longestDays: 1, lastActiveOn: new Date('2026-11-21') },
    });
    await tx.outbox.add(ProgressUpdated, progressOf(learner, 1));
  });
  const url = outbox.tenant.databaseUrl('progress', 's1', 'replica');
  await outbox.reader.drain('s1', async (rows, positions) => {
    await eventually(async () => {
      const [row] = await sql(url, 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS reached', [
        positions['progress/s1'],
      ]);
      return row?.reached === true;
    });
    return sentAll(rows);
  });
  expect(await sql(url, 'SELECT 1 FROM learner_streak WHERE learner_id = $1', [learner])).toHaveLength(1);
});

test('a commit wakes the listener of its shard, again after its connection was lost', async () => {
  const listener = outbox.openRival();
  const woken: string[] = [];
  try {
    listener.listen((shard) => woken.push(shard));
    await eventually(() => woken.includes('s1') && woken.includes('s2'));
    woken.length = 0;
    await outbox.emit(newId(4000), 1);
    await eventually(() => woken.length > 0);
    expect(new Set(woken)).toEqual(new Set(['s2']));

    woken.length = 0;
    const cut = await outbox.query(
      's2',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'lyceum-relay-listen'`,
    );
    expect(cut).toHaveLength(1);
    await eventually(() => woken.includes('s2'));
    woken.length = 0;
    await outbox.emit(newId(4001), 1);
    await eventually(() => woken.includes('s2'));
  } finally {
    await listener.close();
  }
});
