/**
 * Messages that are refused again and again: they are put aside, nothing of them is lost, and a person may send them again.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type DeadLetters, newId, type OutboxRow, openDeadLetters } from '../src/index.ts';
import { type Outbox, openOutbox, revisionOf } from './outbox.ts';
import { log, urlsOf } from './support.ts';

let outbox: Outbox;
let letters: DeadLetters;
beforeAll(async () => {
  outbox = await openOutbox();
  letters = openDeadLetters({ domain: 'progress', urls: urlsOf(outbox.tenant.env, 'progress'), log });
});
afterEach(async () => {
  await outbox.collect('s1');
  for (const { id } of await letters.list(100)) await letters.drop(id);
});
afterAll(async () => {
  await letters?.close();
  await outbox?.[Symbol.asyncDispose]();
});

const TRIES = 8;
const refuse = async (rows: readonly OutboxRow[]) => {
  const first = [...Map.groupBy(rows, ({ key }) => key).values()].map(([row]) => row!);
  return { sent: [], refused: first.map(({ id }, n) => ({ id, reason: `WRONGTYPE number ${n}\0` })) };
};

/** Refuses the first message of each key until it is dead. Each try is by another relay, as if the one before had died. */
async function letDie(): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    await outbox.query('s1', 'UPDATE outbox_message SET next_try_at = now() WHERE next_try_at IS NOT NULL');
    const relay = outbox.openRival();
    const { claimed, dead } = await relay.drain('s1', refuse);
    await relay.close();
    expect(claimed).toBe(true);
    expect(dead.length > 0).toBe(tries === TRIES);
  }
}

test('a message that was refused eight times is put aside whole, and its key goes on', async () => {
  const learner = newId(1);
  for (const revision of [1, 2, 3]) await outbox.emit(learner, revision);
  await letDie();
  expect((await outbox.collect('s1')).map(revisionOf)).toEqual([2, 3]);
  const [letter, ...others] = await letters.list(10);
  expect(others).toEqual([]);
  expect(letter).toMatchObject({
    shard: 's1',
    kind: 'event',
    name: 'progress.updated',
    key: learner,
    delivery: 'live',
    queue: null,
    payload: { learnerId: learner, revision: 1 },
    tries: TRIES,
    reason: 'WRONGTYPE number 0',
  });
  expect(letter!.diedAt.getTime()).toBeGreaterThanOrEqual(letter!.occurredAt.getTime());
  expect(await outbox.reader.backlog('s1')).toEqual({ waiting: 0, oldestSeconds: null, deadLetters: 1 });
});

test('a replayed message leaves behind what waits, under its old id, and may be tried as often as a new one', async () => {
  const learner = newId(2);
  await outbox.emit(learner, 1);
  await letDie();
  await outbox.emit(learner, 2);
  const [letter] = await letters.list(10);
  expect(await letters.replay(letter!.id)).toBe(true);
  expect(await letters.replay(letter!.id)).toBe(false);
  expect(await letters.find(letter!.id)).toBe(null);
  const [waiting] = await outbox.query('s1', 'SELECT tries, next_try_at FROM outbox_message WHERE id = $1', [
    letter!.id,
  ]);
  expect(waiting).toEqual({ tries: 0, next_try_at: null });
  const sent = await outbox.collect('s1');
  expect(sent.map(revisionOf)).toEqual([2, 1]);
  expect(sent[1]!.id).toBe(letter!.id);
  expect(sent[1]!.occurredAt).toBe(letter!.occurredAt.toISOString());
});

test('all dead letters of both shards are replayed in the order they had', async () => {
  const learner = newId(3);
  const elsewhere = newId(4_000);
  for (const revision of [1, 2]) {
    await outbox.emit(learner, revision);
    await letDie();
  }
  await outbox.query(
    's2',
    `INSERT INTO outbox_dead_letter (id, seq, kind, name, version, key, payload, delivery, occurred_at, tries, reason)
     VALUES ($1::uuid, 1, 'event', 'progress.updated', 1, $1::text, '{"revision": 9}', 'live', now(), 8, 'test')`,
    [elsewhere],
  );
  expect(await letters.replayAll()).toBe(3);
  expect((await outbox.collect('s1')).map(revisionOf)).toEqual([1, 2]);
  expect((await outbox.collect('s2')).map(revisionOf)).toEqual([9]);
});

test('a dropped message is gone', async () => {
  await outbox.emit(newId(5), 1);
  await letDie();
  const [letter] = await letters.list(10);
  expect(await letters.drop(letter!.id)).toBe(true);
  expect(await letters.drop(letter!.id)).toBe(false);
  expect(await letters.list(10)).toEqual([]);
  expect(await outbox.waiting('s1')).toBe(0);
});
