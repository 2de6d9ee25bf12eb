/**
 * A learner who follows their progress misses nothing, whatever dies on the way from the database to the socket.
 */
import { ProgressUpdated } from '@lyceum/contracts';
import { eventually, graphClient, type Message, startService } from '@lyceum/testing';
import { print } from 'graphql';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  CompleteLessonDocument,
  ProgressUpdatedDocument,
  type ProgressUpdatedSubscription,
} from '../__generated__/operations.ts';
import { lessonsOf, readCourse } from '../support/course.ts';
import { enroll, type Person, signUp } from '../support/person.ts';
import { untilListening } from '../support/until-listening.ts';
import { openWorld, type World } from '../support/world.ts';

type Update = ProgressUpdatedSubscription['progressUpdated'];

let world: World;
let courseId: string;
let lessonIds: string[];

beforeAll(async () => {
  world = await openWorld({ seed: true });
  const course = await readCourse(world.gatewayUrl);
  courseId = course.id;
  lessonIds = lessonsOf(course).map(({ id }) => id);
});
afterAll(() => world?.[Symbol.asyncDispose]());

const complete = (learner: Person, at: number) => learner.query(CompleteLessonDocument, { lessonId: lessonIds[at]! });
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
const query = print(ProgressUpdatedDocument);

test('a subscriber gets what was published while the subgraph was dead, in order, and notices nothing', async () => {
  const learner = await signUp(world.gatewayUrl, 'Amina');
  const updates: Update[] = [];
  const socket = learner.subscribe(ProgressUpdatedDocument, { courseId });
  const following = (async () => {
    for await (const { progressUpdated } of socket) {
      updates.push(progressUpdated);
      if (updates.length === 5) return;
    }
  })();
  await untilListening(world.tenant.env, ProgressUpdated, learner.id);
  /** The changes are committed while nobody relays them, and relayed when nobody listens any more. */
  const missed = async (change: () => Promise<unknown>) => {
    await world.stack.services.worker.stop();
    await change();
    await world.stack.services.progress.kill('SIGKILL');
    await world.stack.restart('worker');
    await world.stack.restart('progress');
  };
  // The subgraph dies before there was any event, and then between two.
  await missed(() => enroll(learner, courseId));
  await complete(learner, 0);
  await eventually(() => updates.length === 2, { timeoutMs: 30_000 });
  await missed(async () => {
    await complete(learner, 1);
    await complete(learner, 2);
  });
  await complete(learner, 3);

  await following;
  expect(updates.map(({ progress }) => progress.revision)).toEqual(upTo(5));
  expect(updates.map(({ learner: who }) => who.displayName)).toEqual(Array(5).fill('Amina'));
});

test('a client whose gateway is killed goes on at another with its cursor, over WebSocket', async () => {
  const learner = await signUp(world.gatewayUrl, 'Bilal');
  const [doomed, other] = await Promise.all([
    startService('gateway', world.stack.env),
    startService('gateway', world.stack.env),
  ]);
  onTestFinished(async () => {
    await Promise.all([doomed.stop(), other.stop()]);
  });

  const first = follow(`${doomed.url}/graphql`, learner, null);
  await eventually(() => first.messages.length === 1);
  expect(first.messages).toEqual([{ extensions: { cursor: expect.any(String) } }]);
  await enroll(learner, courseId);
  await eventually(() => first.messages.length === 2);
  await doomed.kill('SIGKILL');
  await complete(learner, 0);

  const second = follow(`${other.url}/graphql`, learner, first.messages[1]!.extensions!.cursor!);
  await complete(learner, 1);
  await eventually(() => revisionsOf(second.messages).length === 2);
  expect([...revisionsOf(first.messages), ...revisionsOf(second.messages)]).toEqual(upTo(3));
});

test('a browser goes on with the id of the last event, over server-sent events', async () => {
  const learner = await signUp(world.gatewayUrl, 'Chidi');
  const first = await listen(learner, {});
  await untilListening(world.tenant.env, ProgressUpdated, learner.id);
  await enroll(learner, courseId);
  await eventually(() => first.events.length === 1);
  first.hangUp();
  await complete(learner, 0);

  const second = await listen(learner, { 'last-event-id': first.events[0]!.id });
  await complete(learner, 1);
  await eventually(() => second.events.length === 2);
  second.hangUp();
  expect([...first.events, ...second.events].map(({ revision }) => revision)).toEqual(upTo(3));
});

test('the cursor of one learner is of no use to another', async () => {
  const [owner, stranger] = await Promise.all([signUp(world.gatewayUrl, 'Dalia'), signUp(world.gatewayUrl, 'Emre')]);
  const own = follow(world.gatewayUrl, owner, null);
  await eventually(() => own.messages.length === 1);
  const stolen = follow(world.gatewayUrl, stranger, own.messages[0]!.extensions!.cursor!);
  await eventually(() => stolen.messages.length === 1);
  expect(stolen.messages).toMatchObject([{ data: null, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] }]);
});

/** Collects whole messages, with their cursors. */
function follow(url: string, { token }: Person, cursor: string | null) {
  const messages: Message<ProgressUpdatedSubscription>[] = [];
  const source = graphClient(url, { token }).resume(ProgressUpdatedDocument, { courseId }, cursor);
  onTestFinished(() => void source.return());
  const read = async () => {
    for await (const message of source) messages.push(message);
  };
  read().catch(() => {});
  return { messages };
}

const revisionsOf = (messages: readonly Message<ProgressUpdatedSubscription>[]) =>
  messages.flatMap(({ data }) => (data ? [data.progressUpdated.progress.revision] : []));

async function listen({ token }: Person, headers: Record<string, string>) {
  const leaving = new AbortController();
  const response = await fetch(world.gatewayUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
      ...headers,
    },
    body: JSON.stringify({ query, variables: { courseId } }),
    signal: leaving.signal,
  });
  const events: { id: string; revision: number }[] = [];
  const read = async () => {
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, id, data] = /^id: (\S+)\nevent: next\ndata: (.*)$/.exec(block) ?? [];
        if (!id || !data) continue;
        events.push({
          id,
          revision: (JSON.parse(data) as Message<ProgressUpdatedSubscription>).data!.progressUpdated.progress.revision,
        });
      }
    }
  };
  read().catch(() => {});
  return { events, hangUp: () => leaving.abort() };
}
