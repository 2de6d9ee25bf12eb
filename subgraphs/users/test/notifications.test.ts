/**
 * Notifications: made of what other domains tell, once for each cause; read and followed by their person alone.
 */
import {
  AiJobFinished,
  CourseCompleted,
  type EventDefinition,
  NotificationCreated,
  type PayloadOf,
  type Viewer,
} from '@lyceum/contracts';
import { newId } from '@lyceum/database';
import { publishEnvelope } from '@lyceum/service-kit';
import { eventually, type GraphClient, type Message, sql, startService } from '@lyceum/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openUsers, type Users } from './users.ts';

interface Notification {
  readonly id: string;
  readonly kind: string;
  readonly course: { readonly id: string } | null;
  readonly aiJob: { readonly id: string } | null;
  readonly createdAt: string;
  readonly readAt: string | null;
}

interface Listing {
  readonly unreadNotificationCount: number;
  readonly notifications: {
    readonly edges: readonly { readonly cursor: string; readonly node: Notification }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

const fields = 'id kind course { id } aiJob { id } createdAt readAt';
const list = `query ($id: ID!, $first: Int! = 20, $after: String, $unreadOnly: Boolean! = false) {
  user(id: $id) {
    unreadNotificationCount
    notifications(first: $first, after: $after, unreadOnly: $unreadOnly) {
      edges { cursor node { ${fields} } }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;
const markRead = `mutation ($id: ID!) { markNotificationRead(id: $id) { ${fields} } }`;
const markAllRead = 'mutation { markAllNotificationsRead }';
const received = `subscription { notificationReceived { ${fields} } }`;

let users: Users;
beforeAll(async () => {
  users = await openUsers({}, { domains: ['users', 'courses', 'progress', 'ai'], consuming: true });
});
afterAll(() => users?.[Symbol.asyncDispose]());

let learners = 0;
async function learner() {
  learners += 1;
  const viewer = await users.learner(`Learner${learners}`);
  const client = await users.as(viewer);
  return { viewer, client, listing: (more = {}) => listingOf(client, viewer, more) };
}

async function listingOf(client: GraphClient, { id }: Pick<Viewer, 'id'>, more: Record<string, unknown> = {}) {
  return (await client.query<{ user: Listing }>(list, { id, ...more })).user;
}

const nodesOf = ({ notifications }: Listing) => notifications.edges.map(({ node }) => node);

/** Puts an event into its log as the relay does. Returns its id. */
async function tell<E extends EventDefinition>(event: E, payload: PayloadOf<E>, id = newId(0), positions = {}) {
  const { name, version } = event;
  const occurredAt = new Date().toISOString();
  const envelope = { id, name, version, key: event.key(payload), occurredAt, positions, payload };
  await publishEnvelope(users.resources.cache, users.resources.keys, envelope, event.delivery);
  return id;
}

const completed = (learnerId: string, courseId = newId(7)) => ({ learnerId, courseId, enrollmentId: newId(7) });

test('a completed course and a finished job become a notification each, newest first, for the learner alone', async () => {
  const [me, other] = [await learner(), await learner()];
  const [courseId, jobId] = [newId(7), newId(7)];
  await tell(CourseCompleted, completed(me.viewer.id, courseId));
  await eventually(async () => expect(nodesOf(await me.listing())).toHaveLength(1));
  await tell(AiJobFinished, { jobId, learnerId: me.viewer.id, state: 'FAILED' });
  await eventually(async () => expect(nodesOf(await me.listing())).toHaveLength(2));

  const mine = await me.listing();
  expect(mine.unreadNotificationCount).toBe(2);
  expect(nodesOf(mine)).toMatchObject([
    { kind: 'AI_JOB_FINISHED', course: null, aiJob: { id: jobId }, readAt: null },
    { kind: 'COURSE_COMPLETED', course: { id: courseId }, aiJob: null, readAt: null },
  ]);
  const hidden = { unreadNotificationCount: 0, notifications: { edges: [] } };
  expect(await listingOf(other.client, me.viewer)).toMatchObject(hidden);
  expect(await listingOf(await users.as(null), me.viewer)).toMatchObject(hidden);
  expect(nodesOf(await other.listing())).toEqual([]);
});

test('an event that comes twice makes one notification', async () => {
  const { viewer, listing } = await learner();
  const payload = completed(viewer.id);
  const id = await tell(CourseCompleted, payload);
  await tell(CourseCompleted, payload, id);
  await tell(CourseCompleted, completed(viewer.id));
  // The log is read in order: once the last is there, the others have been handled.
  await eventually(async () => expect(nodesOf(await listing())).toHaveLength(2));
  expect((await listing()).unreadNotificationCount).toBe(2);
});

test('an event of somebody who has no account is passed over', async () => {
  const { viewer, listing } = await learner();
  const stranger = newId(7);
  await tell(CourseCompleted, completed(stranger));
  await tell(CourseCompleted, completed(viewer.id));
  await eventually(async () => expect(nodesOf(await listing())).toHaveLength(1));
  for (const shard of ['s1', 's2']) {
    const rows = await sql(users.databaseUrl(shard), 'SELECT 1 FROM notification WHERE user_id = $1', [stranger]);
    expect(rows).toEqual([]);
  }
});

test('whoever is told of an event reads nothing older than it, in its own domain too', async () => {
  const { viewer, listing } = await learner();
  const payload = { jobId: newId(7), learnerId: viewer.id, state: 'SUCCEEDED' as const };
  await tell(AiJobFinished, payload, newId(0), { 'ai/s2': '0000000A/0000000B' });
  await eventually(async () => expect(nodesOf(await listing())).toHaveLength(1));
  const { cache, keys } = users.resources;
  expect(await cache.hget(keys.positions(viewer.id), 'ai/s2')).toBe('0000000A/0000000B');
});

test('pages follow one another without a gap or a double', async () => {
  const { viewer, listing } = await learner();
  for (let count = 0; count < 5; count += 1) await tell(CourseCompleted, completed(viewer.id));
  await eventually(async () => expect(nodesOf(await listing())).toHaveLength(5));
  const all = nodesOf(await listing()).map(({ id }) => id);
  expect(all).toEqual(all.toSorted().toReversed());
  const seen: string[] = [];
  for (let after: string | null = null; ; ) {
    const page: Listing = await listing({ first: 2, after });
    seen.push(...nodesOf(page).map(({ id }) => id));
    if (!page.notifications.pageInfo.hasNextPage) break;
    after = page.notifications.pageInfo.endCursor;
  }
  expect(seen).toEqual(all);
});

test('what is read stays read at its first time, and is left out where only the unread is asked for', async () => {
  const me = await learner();
  for (let count = 0; count < 3; count += 1) await tell(CourseCompleted, completed(me.viewer.id));
  await eventually(async () => expect(nodesOf(await me.listing())).toHaveLength(3));
  const [newest] = nodesOf(await me.listing());
  type Marked = { readonly markNotificationRead: Notification };
  const { markNotificationRead: once } = await me.client.query<Marked>(markRead, { id: newest!.id });
  const { markNotificationRead: twice } = await me.client.query<Marked>(markRead, { id: newest!.id });
  expect(once.readAt).not.toBeNull();
  expect(twice).toEqual(once);
  const unread = await me.listing({ unreadOnly: true });
  expect(unread.unreadNotificationCount).toBe(2);
  expect(nodesOf(unread).map(({ id }) => id)).not.toContain(newest!.id);

  expect(await me.client.query(markAllRead)).toEqual({ markAllNotificationsRead: 2 });
  expect(await me.client.query(markAllRead)).toEqual({ markAllNotificationsRead: 0 });
  expect((await me.listing()).unreadNotificationCount).toBe(0);
  expect(nodesOf(await me.listing())[0]).toEqual(once);
});

test("another's notification can be neither marked nor known to exist", async () => {
  const [me, other] = [await learner(), await learner()];
  await tell(CourseCompleted, completed(me.viewer.id));
  await eventually(async () => expect(nodesOf(await me.listing())).toHaveLength(1));
  const [{ id }] = nodesOf(await me.listing()) as [Notification];
  for (const unknown of [id, newId(7), 'nonsense']) {
    await expect(other.client.query(markRead, { id: unknown })).rejects.toThrow('NOTIFICATION_NOT_FOUND');
  }
  await other.client.query(markAllRead);
  expect((await me.listing()).unreadNotificationCount).toBe(1);
});

test('nobody marks or follows notifications without signing in', async () => {
  const nobody = await users.as(null);
  await expect(nobody.query(markAllRead)).rejects.toThrow('UNAUTHENTICATED');
  await expect(nobody.query(markRead, { id: newId(7) })).rejects.toThrow('UNAUTHENTICATED');
  await expect(nobody.subscribe(received).next()).rejects.toThrow('UNAUTHENTICATED');
});

interface Received {
  readonly notificationReceived: Notification;
}

/** The next message that is more than a cursor. */
async function nextEvent(messages: AsyncGenerator<Message<Received>, void>): Promise<Message<Received>> {
  for (;;) {
    const { value } = await messages.next();
    if (value === undefined || value.data) return value ?? {};
  }
}

test('a subscriber hears of each of the own notifications once, and goes on with the cursor where it left', async () => {
  const worker = await startService('worker', users.tenant.env);
  onTestFinished(() => worker.stop());
  const [me, other] = [await learner(), await learner()];
  const follow = (cursor: string | null) => me.client.resume<Received>(received, {}, cursor);

  const first = follow(null);
  const opening = (await first.next()).value;
  expect(opening).toEqual({ extensions: { cursor: expect.any(String) } });
  const payload = completed(me.viewer.id);
  const cause = await tell(CourseCompleted, payload);
  await tell(CourseCompleted, payload, cause);
  await tell(CourseCompleted, completed(other.viewer.id));
  const live = await nextEvent(first);
  expect([live.data?.notificationReceived]).toEqual(nodesOf(await me.listing()));
  await first.return();

  await tell(AiJobFinished, { jobId: newId(7), learnerId: me.viewer.id, state: 'SUCCEEDED' });
  await eventually(async () => expect(nodesOf(await me.listing())).toHaveLength(2));
  const second = follow(live.extensions!.cursor!);
  const missed = await nextEvent(second);
  expect(missed.data?.notificationReceived).toEqual(nodesOf(await me.listing())[0]);
  await second.return();

  const { cache, keys } = users.resources;
  expect(await cache.xlen(keys.liveStream(NotificationCreated.name, me.viewer.id))).toBe(2);
});
