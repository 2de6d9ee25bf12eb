/**
 * Several relays at one outbox: they share the work, no key is sent by two, and what jams holds nothing else up.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { eventually, openTenant } from '@lyceum/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newId, type OutboxReader, type OutboxRow, openOutboxReader } from '../src/index.ts';
import { type Outbox, openOutbox, revisionOf, sentAll } from './outbox.ts';
import { log } from './support.ts';

let outbox: Outbox;
let rival: OutboxReader;
beforeAll(async () => {
  outbox = await openOutbox();
  rival = outbox.openRival();
});
afterEach(async () => {
  await outbox.query('s1', 'UPDATE outbox_message SET next_try_at = NULL');
  await outbox.collect('s1');
});
afterAll(async () => {
  await rival?.close();
  await outbox?.[Symbol.asyncDispose]();
});

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
const keysOf = (rows: readonly OutboxRow[]) => new Set(rows.map(({ key }) => key));

test('while one relay sends a key, another sends other keys and not that one', async () => {
  const [mine, others] = await outbox.learners(2, 'lanes of their own');
  await outbox.emit(mine!, 1);
  await outbox.reader.drain('s1', async (rows) => {
    expect(keysOf(rows)).toEqual(new Set([mine]));
    await outbox.emit(mine!, 2);
    await outbox.emit(others!, 1);
    expect(keysOf(await outbox.collect('s1', rival))).toEqual(new Set([others]));
    return sentAll(rows);
  });
  expect((await outbox.collect('s1', rival)).map(revisionOf)).toEqual([2]);
});

test('two rivals at a full outbox send every event once, each key in its order, and both have their share', async () => {
  const learners = upTo(24).map((n) => newId(100 + n));
  await Promise.all(
    learners.map(async (learner) => {
      for (const revision of upTo(15)) await outbox.emit(learner, revision);
    }),
  );
  const all: OutboxRow[] = [];
  const sentBy = [outbox.reader, rival].map(async (reader) => {
    let count = 0;
    const send = async (rows: readonly OutboxRow[]) => {
      for (const row of rows) {
        await nextTurn();
        all.push(row);
      }
      count += rows.length;
      return sentAll(rows);
    };
    while ((await outbox.waiting('s1')) > 0) await reader.drain('s1', send);
    return count;
  });
  const counts = await Promise.all(sentBy);
  expect(Math.min(...counts)).toBeGreaterThan(0);
  expect(new Set(all.map((row) => row.id)).size).toBe(learners.length * 15);
  for (const learner of learners) {
    expect(all.filter((row) => row.key === learner).map(revisionOf)).toEqual(upTo(15));
  }
});

test('a lane with a long backlog does not make the others wait for its end', async () => {
  const [long, ...short] = await outbox.learners(16, 'lanes of their own');
  await outbox.query(
    's1',
    `INSERT INTO outbox_message (id, kind, name, version, key, payload, delivery)
     SELECT gen_random_uuid(), 'event', 'progress.updated', 1, $1, '{}', 'live' FROM generate_series(1, 1000)`,
    [long],
  );
  for (const learner of short) await outbox.emit(learner, 1);
  const seen = new Set<string>();
  // Four lanes at a time: every lane has had its turn after four batches.
  for (const _ of upTo(4)) {
    await outbox.reader.drain('s1', async (rows) => {
      for (const { key } of rows) seen.add(key);
      return sentAll(rows);
    });
  }
  expect(seen.size).toBe(16);
  expect(await outbox.waiting('s1')).toBe(900);
});

test('a refused message holds up its own key only, not its lane', async () => {
  const [poisoned, healthy] = await outbox.learners(2, 'one lane');
  for (const revision of upTo(3)) {
    await outbox.emit(poisoned!, revision);
    await outbox.emit(healthy!, revision);
  }
  await outbox.reader.drain('s1', async (rows) => {
    const [first] = rows;
    expect(first!.key).toBe(poisoned);
    return { sent: [], refused: [{ id: first!.id, reason: 'WRONGTYPE' }] };
  });
  // However slowly this test runs, the next try has not come yet.
  await outbox.query('s1', "UPDATE outbox_message SET next_try_at = next_try_at + interval '1 hour'");
  const sent = await outbox.collect('s1', rival);
  expect(keysOf(sent)).toEqual(new Set([healthy]));
  expect(sent.map(revisionOf)).toEqual([1, 2, 3]);
  await outbox.query('s1', 'UPDATE outbox_message SET next_try_at = now() WHERE tries = 1');
  expect((await outbox.collect('s1')).map(revisionOf)).toEqual([1, 2, 3]);
});

test('an outbox in which nothing is due is asked one question per sweep', async () => {
  // Of nobody else, so that the server's figures are those of the reader.
  await using tenant = await openTenant(['courses']);
  const url = tenant.databaseUrl('courses', 's1');
  const transactions = async () => {
    const [row] = await outbox.query(
      's1',
      'SELECT (xact_commit + xact_rollback)::integer AS count FROM pg_stat_database WHERE datname = $1',
      [new URL(url).pathname.slice(1)],
    );
    return row!.count as number;
  };
  const before = await transactions();
  const reader = openOutboxReader({ domain: 'courses', urls: { s1: { primary: url, replicas: [] } }, log });
  for (const _ of upTo(50)) {
    expect(await reader.drain('s1', async () => expect.unreachable())).toMatchObject({ claimed: false });
  }
  await reader.close();
  // The server adds a connection's figures up when it has ended; its own vacuum may have come by.
  await eventually(async () => (await transactions()) - before >= 50);
  expect((await transactions()) - before).toBeLessThan(60);
});
