/**
 * Who follows their progress with Lyceum's own client misses nothing, whatever happens to gateways and sessions.
 */
import { createLyceumClient, type LyceumClientOptions } from '@lyceum/client';
import { eventually, startService } from '@lyceum/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  CompleteLessonDocument,
  EnrollDocument,
  MeDocument,
  ProgressUpdatedDocument,
  SignInDocument,
} from '../__generated__/operations.ts';
import { lessonsOf, readCourse } from '../support/course.ts';
import { enroll, type Person, signUp } from '../support/person.ts';
import { openWorld, type World } from '../support/world.ts';

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

/** Follows a learner's progress; resolves when the first cursor has come, so that nothing that follows may be missed. */
async function follow(options: LyceumClientOptions) {
  const client = createLyceumClient(options);
  onTestFinished(() => client.close());
  let isLive = false;
  const onCaughtUp = () => {
    isLive = true;
  };
  const revisions: number[] = [];
  const read = async () => {
    for await (const { data } of client.subscribe(ProgressUpdatedDocument, { courseId }, { onCaughtUp })) {
      revisions.push(data!.progressUpdated.progress.revision);
    }
  };
  const ended = read();
  ended.catch(() => {});
  await eventually(() => isLive);
  return { client, revisions, ended };
}

describe.each(['websocket', 'sse'] as const)('over %s', (transport) => {
  test('a subscriber loses no event while its gateway is killed and another one takes over', async () => {
    const learner = await signUp(world.gatewayUrl, 'Farah');
    const [doomed, heir] = await Promise.all([
      startService('gateway', world.stack.env),
      startService('gateway', world.stack.env),
    ]);
    onTestFinished(async () => {
      await Promise.all([doomed.stop(), heir.stop()]);
    });
    const { client, revisions } = await follow({
      url: [`${doomed.url}/graphql`, `${heir.url}/graphql`],
      token: () => learner.token,
      transport,
    });
    await enroll(learner, courseId);
    await complete(learner, 0);
    await eventually(() => revisions.length === 2);

    await Promise.all([doomed.kill('SIGKILL'), complete(learner, 1)]);
    await complete(learner, 2);
    await eventually(() => revisions.length === 4, { timeoutMs: 20_000 });
    await complete(learner, 3);
    await eventually(() => revisions.length === 5);
    expect(revisions).toEqual(upTo(5));
    expect((await client.query(MeDocument)).viewer?.id).toBe(learner.id);
  });

  test('a subscriber whose session ends signs in again, once, and goes on where it was', async () => {
    const learner = await signUp(world.gatewayUrl, 'Goran');
    const { email } = (await learner.query(MeDocument)).viewer!;
    let renewals = 0;
    const { client, revisions } = await follow({
      url: world.gatewayUrl,
      token: () => learner.token,
      async refreshToken() {
        renewals += 1;
        const input = { email: email!, password: 'secret of Goran' };
        const { signIn } = await createLyceumClient({ url: world.gatewayUrl }).mutate(SignInDocument, { input });
        return signIn.__typename === 'Session' ? signIn.accessToken : null;
      },
      transport,
    });
    await client.mutate(EnrollDocument, { courseId });
    await eventually(() => revisions.length === 1);
    await learner.query('mutation { signOut }');
    await eventually(() => renewals === 1);
    await client.mutate(CompleteLessonDocument, { lessonId: lessonIds[0]! });
    await eventually(() => revisions.length === 2);
    expect(revisions).toEqual(upTo(2));
    expect(renewals).toBe(1);
  });
});
