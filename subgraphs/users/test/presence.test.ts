/**
 * Who is online, as people who are signed in see it: read with people, and followed.
 */
import { randomUUID } from 'node:crypto';
import { newId } from '@lyceum/database';
import { PRESENCE_GRACE_MS, PRESENCE_LIFE_MS, reportPresence } from '@lyceum/service-kit';
import {
  type CuttableLine,
  cuttable,
  eventually,
  fixedClock,
  type GraphClient,
  stackCoordinates,
} from '@lyceum/testing';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { openUsers, type Users } from './users.ts';

interface Change {
  readonly userId: string;
  readonly user: { readonly displayName: string } | null;
  readonly presence: { readonly status: string; readonly lastSeenAt: string | null };
}

const people = `query ($a: ID!, $b: ID!) {
  _entities(representations: [{ __typename: "User", id: $a }, { __typename: "User", id: $b }]) {
    ... on User { displayName presence { status lastSeenAt } }
  }
}`;
const changed = `subscription ($ids: [ID!]!) {
  presenceChanged(userIds: $ids) { userId user { displayName } presence { status lastSeenAt } }
}`;

const clock = fixedClock('2026-11-21T07:30:00Z');
const gateway = randomUUID();
let line: CuttableLine;
let users: Users;
beforeAll(async () => {
  line = await cuttable(stackCoordinates().redisUrl);
  users = await openUsers({ REDIS_URL: line.url }, { clock });
});
afterAll(async () => {
  await users?.[Symbol.asyncDispose]();
  await line?.[Symbol.asyncDispose]();
});

const report = (present: readonly string[], gone: readonly string[] = []) =>
  reportPresence(users.resources.cache, users.resources.keys, { gateway, present, gone }, clock.now());

let names = 0;
async function learner() {
  names += 1;
  const name = `Person${names}`;
  const viewer = await users.learner(name);
  return { id: viewer.id, name, client: await users.as(viewer) };
}

/** Collects what is told, from the beginning. */
async function follow(client: GraphClient, ids: readonly string[]) {
  const told: Change[] = [];
  const events = client.subscribe<{ presenceChanged: Change }>(changed, { ids });
  onTestFinished(() => void events.return());
  const read = async () => {
    for await (const { presenceChanged } of events) told.push(presenceChanged);
  };
  read().catch(() => {});
  await eventually(() => told.length >= ids.length);
  return told;
}

const statusesOf = (told: readonly Change[], id: string) =>
  told.filter(({ userId }) => userId === id).map(({ presence }) => presence.status);

test('presence is read with people, in one round trip for all of them, by those who are signed in', async () => {
  const [one, two] = [await learner(), await learner()];
  await report([one.id]);
  const roundTrips = vi.spyOn(users.resources.cache, 'pipeline');
  onTestFinished(() => roundTrips.mockRestore());
  const seenBy = (client: GraphClient) => client.query(people, { a: one.id, b: two.id });
  expect(await seenBy(one.client)).toEqual({
    _entities: [
      { displayName: one.name, presence: { status: 'ONLINE', lastSeenAt: clock.now().toISOString() } },
      { displayName: two.name, presence: { status: 'OFFLINE', lastSeenAt: null } },
    ],
  });
  expect(roundTrips).toHaveBeenCalledTimes(1);
  const unknown = { presence: { status: 'OFFLINE', lastSeenAt: null } };
  expect(await seenBy(await users.as(null))).toMatchObject({ _entities: [unknown, unknown] });
});

test('a subscriber is told how it is, then who comes, and who goes once five seconds have passed', async () => {
  const [me, one, two] = [await learner(), await learner(), await learner()];
  await report([one.id]);
  const told = await follow(me.client, [one.id, two.id]);
  expect(told.map(({ userId, presence, user }) => [userId, presence.status, user?.displayName])).toEqual(
    expect.arrayContaining([
      [one.id, 'ONLINE', one.name],
      [two.id, 'OFFLINE', two.name],
    ]),
  );
  await report([two.id]);
  await eventually(() => expect(statusesOf(told, two.id)).toEqual(['OFFLINE', 'ONLINE']));

  const leftAt = clock.now();
  await report([], [one.id, two.id]);
  clock.advance(PRESENCE_GRACE_MS - 1);
  await report([two.id]);
  clock.advance(1);
  await eventually(() => expect(statusesOf(told, one.id)).toEqual(['ONLINE', 'OFFLINE']));
  expect(told.at(-1)?.presence.lastSeenAt).toBe(leftAt.toISOString());
  expect(statusesOf(told, two.id)).toEqual(['OFFLINE', 'ONLINE']);
});

test('people of a gateway that has died are told to be offline within 45 seconds', async () => {
  const [me, one] = [await learner(), await learner()];
  await report([one.id]);
  const told = await follow(me.client, [one.id]);
  clock.advance(PRESENCE_LIFE_MS);
  await eventually(() => expect(statusesOf(told, one.id)).toEqual(['ONLINE', 'OFFLINE']));
});

test('several who follow one person hear the same, whenever they came, until the last has left', async () => {
  const [me, other, one] = [await learner(), await learner(), await learner()];
  const { cache, keys } = users.resources;
  const listeners = async () => ((await cache.pubsub('NUMSUB', keys.presence(one.id))) as [string, number])[1];
  const events = [me, other].map(({ client }) =>
    client.subscribe<{ presenceChanged: Change }>(changed, { ids: [one.id] }),
  );
  for (const each of events) {
    expect((await each.next()).value).toMatchObject({ presenceChanged: { presence: { status: 'OFFLINE' } } });
  }
  await report([one.id]);
  for (const each of events) {
    expect((await each.next()).value).toMatchObject({ presenceChanged: { presence: { status: 'ONLINE' } } });
  }
  await events[0]!.return();
  await report([], [one.id]);
  clock.advance(PRESENCE_GRACE_MS);
  expect((await events[1]!.next()).value).toMatchObject({ presenceChanged: { presence: { status: 'OFFLINE' } } });
  expect(await listeners()).toBe(1);
  await events[1]!.return();
  await eventually(async () => (await listeners()) === 0);
});

test('whom nobody can be told about is refused by name, and so is whoever is not signed in', async () => {
  const { client } = await learner();
  const refused = (ids: readonly string[]) =>
    expect(client.subscribe(changed, { ids }).next()).rejects.toThrow(/BAD_USER_INPUT: userIds/);
  await refused([]);
  await refused(['nonsense']);
  await refused(Array.from({ length: 51 }, () => newId(7)));
  const nobody = await users.as(null);
  await expect(nobody.subscribe(changed, { ids: [newId(7)] }).next()).rejects.toThrow('UNAUTHENTICATED');
});

test('without Redis people are read as offline, and what changed meanwhile is told once it is back', async () => {
  const [me, one] = [await learner(), await learner()];
  const told = await follow(me.client, [one.id]);
  await line.cut();
  onTestFinished(() => line.mend().catch(() => {}));
  await eventually(() => users.resources.cache.status !== 'ready');
  expect(await me.client.query(people, { a: one.id, b: me.id })).toMatchObject({
    _entities: [{ presence: { status: 'OFFLINE', lastSeenAt: null } }, {}],
  });
  await line.mend();
  await eventually(() => report([one.id]));
  await eventually(() => expect(statusesOf(told, one.id)).toEqual(['OFFLINE', 'ONLINE']));
});
