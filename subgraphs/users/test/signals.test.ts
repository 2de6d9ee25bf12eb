/**
 * Signals at a lesson or a course: heard at once by those who listen there, and by nobody else or later.
 */
import { newId } from '@lyceum/database';
import { eventually, type GraphClient } from '@lyceum/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openUsers, type Users } from './users.ts';

interface Signal {
  readonly topic: string;
  readonly userId: string;
  readonly user: { readonly displayName: string } | null;
  readonly kind: string;
}

const send =
  'mutation ($topic: ID!, $kind: SignalKind! = TYPING) { sendSignal(input: { topic: $topic, kind: $kind }) }';
const signals = 'subscription ($topic: ID!) { signals(topic: $topic) { topic userId user { displayName } kind } }';

let users: Users;
beforeAll(async () => {
  users = await openUsers();
});
afterAll(() => users?.[Symbol.asyncDispose]());

let names = 0;
async function learner() {
  names += 1;
  const name = `Person${names}`;
  const viewer = await users.learner(name);
  return { id: viewer.id, name, client: await users.as(viewer) };
}

async function listeners(topic: string): Promise<number> {
  const { cache, keys } = users.resources;
  return ((await cache.pubsub('NUMSUB', keys.signals(topic))) as [string, number])[1];
}

/** Collects what is heard at a topic from now on. */
async function listen(client: GraphClient, topic: string) {
  const heard: Signal[] = [];
  const events = client.subscribe<{ signals: Signal }>(signals, { topic });
  onTestFinished(() => void events.return());
  const read = async () => {
    for await (const { signals: signal } of events) heard.push(signal);
  };
  read().catch(() => {});
  await eventually(async () => (await listeners(topic)) === 1);
  return heard;
}

test('a signal reaches those who listen at its topic, with who sent it, and nobody elsewhere', async () => {
  const [me, other] = [await learner(), await learner()];
  const [lessonId, courseId] = [newId(7), newId(7)];
  const [here, elsewhere] = [await listen(me.client, lessonId), await listen(me.client, courseId)];
  expect(await other.client.query(send, { topic: lessonId.toUpperCase() })).toEqual({ sendSignal: true });
  expect(await other.client.query(send, { topic: lessonId, kind: 'VIEWING' })).toEqual({ sendSignal: true });
  const from = { topic: lessonId, userId: other.id, user: { displayName: other.name } };
  await eventually(() =>
    expect(here).toMatchObject([
      { ...from, kind: 'TYPING' },
      { ...from, kind: 'VIEWING' },
    ]),
  );
  await other.client.query(send, { topic: courseId });
  await eventually(() => expect(elsewhere).toHaveLength(1));
  expect(here).toHaveLength(2);
});

test('a channel is listened to until its last subscriber has left', async () => {
  const { client } = await learner();
  const topic = newId(7);
  const [one, two] = [0, 1].map(() => client.subscribe<{ signals: Signal }>(signals, { topic }));
  const [first, second] = [one!.next(), two!.next()];
  let heard = 0;
  for (const next of [first, second]) void next.then(() => (heard += 1));
  // Nobody outside knows when the second listens: what is sent again and again reaches it then.
  await eventually(
    async () => {
      expect(await client.query(send, { topic, kind: 'VIEWING' })).toEqual({ sendSignal: true });
      return heard === 2;
    },
    { everyMs: 500 },
  );
  await one!.return();
  await client.query(send, { topic });
  const kinds: string[] = [];
  while (kinds.at(-1) !== 'TYPING') kinds.push((await two!.next()).value!.signals.kind);
  expect(await listeners(topic)).toBe(1);
  await two!.return();
  await eventually(async () => (await listeners(topic)) === 0);
});

test('more than thirty signals in ten seconds are refused, at one topic and of one person', async () => {
  const [me, other] = [await learner(), await learner()];
  const [topic, another] = [newId(7), newId(7)];
  await Promise.all(Array.from({ length: 30 }, () => me.client.query(send, { topic })));
  await expect(me.client.query(send, { topic })).rejects.toThrow('RATE_LIMITED');
  expect(await me.client.query(send, { topic: another })).toEqual({ sendSignal: true });
  expect(await other.client.query(send, { topic })).toEqual({ sendSignal: true });
});

test('a topic that is no id is refused by name, and so is whoever is not signed in', async () => {
  const { client } = await learner();
  await expect(client.query(send, { topic: 'nonsense' })).rejects.toThrow(/BAD_USER_INPUT: topic/);
  await expect(client.subscribe(signals, { topic: 'nonsense' }).next()).rejects.toThrow(/BAD_USER_INPUT: topic/);
  const nobody = await users.as(null);
  await expect(nobody.query(send, { topic: newId(7) })).rejects.toThrow('UNAUTHENTICATED');
  await expect(nobody.subscribe(signals, { topic: newId(7) }).next()).rejects.toThrow('UNAUTHENTICATED');
});
