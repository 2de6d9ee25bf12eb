/**
 * Learners follow their progress on many devices while they work, and what lies between a commit and a socket dies.
 *
 * What the subscribers got is compared with the databases: every change once, in order, up to the state as it is.
 */
import { isDeepStrictEqual } from 'node:util';
import { until } from '@lyceum/local-stack';
import { sleep } from '@lyceum/service-kit';
import type { Chaos, Scenario } from '../../scenario.ts';
import { faultsOf } from './comparison.ts';
import { type Course, enroll, readCourse, readProgress } from './course.ts';
import { watchDelays } from './delays.ts';
import { FAULTS } from './faults.ts';
import { keepCutting, type Learner, openLearners } from './learners.ts';
import { type LearningStack, openLearningStack } from './stack.ts';
import type { SubscriberTally } from './subscriber.ts';
import { readTruths } from './truth.ts';
import { keepWriting, type WriterTally } from './writer.ts';

const FULL = { count: 20, devices: 10, everyMs: 500, seconds: 60 };
const QUICK = { count: 5, devices: 4, everyMs: 300, seconds: 15 };
/** Between the end of a fault and the next. */
const RECOVERY_MS = 1_500;
/** No promise of speed: this machine may be busy. */
const PATIENCE_MS = 60_000;
/** What must not come has time to come. */
const AFTERMATH_MS = 2_000;

export const subscriptions: Scenario = {
  name: 'subscriptions',
  promise: 'Subscribers get every event once and in order, whatever dies between the database and their sockets.',
  async run(chaos) {
    const { count, devices, everyMs, seconds } = chaos.quick ? QUICK : FULL;
    const stack = await openLearningStack(chaos);
    const clients = stack.gateways.map(({ client }) => client);
    const course = await readCourse(clients[0]!);
    chaos.say(`everything runs; ${course.title} has ${course.lessons.size} lessons`);
    const delays = watchDelays();
    const received: SubscriberTally = { subscribed: 0, events: 0, repeated: 0, refusals: {} };
    const options = { count, devices, course, tally: received, onDelivery: delays.add };
    const learners = await openLearners(chaos, stack, options);
    const subscribers = count * devices;
    chaos.say(`${subscribers} subscribers of ${count} learners at ${clients.length} gateways`);
    await Promise.all(learners.map(({ token }) => enroll(clients[0]!, token, course.id)));

    const stopping = chaos.own(new AbortController(), (s) => s.abort());
    const written: WriterTally = { acknowledged: 0, failed: 0 };
    const writing = learners.map(({ token }) =>
      keepWriting({ token, course, clients, everyMs, tally: written }, stopping.signal),
    );
    const cutting = keepCutting(learners, stopping.signal);
    const faults = await makeFaults(stack, seconds, (name) => {
      chaos.say(`${name} (after ${written.acknowledged} writes and ${received.events} events)`);
      delays.begin(name);
    });
    stopping.abort();
    const [cuts] = await Promise.all([cutting, ...writing]);
    chaos.say(`nobody writes any more: ${written.acknowledged} writes, ${received.events} events`);
    const changes = await compare(chaos, stack, learners, course);

    chaos.check('no event came twice', received.repeated === 0, received.repeated);
    chaos.check('nobody was told that events are lost', !received.refusals.CURSOR_EXPIRED, received.refusals);
    const { acknowledged, failed } = written;
    chaos.check(
      'every acknowledged write is in the databases',
      acknowledged <= changes,
      `${acknowledged} of ${changes}`,
    );
    chaos.check('there was load, and sockets were cut', acknowledged > 2 * count && cuts > 10, { acknowledged, cuts });
    return {
      subscribers,
      writers: count,
      writes: acknowledged,
      failed_writes: failed,
      events: received.events,
      duplicates: received.repeated,
      faults,
      cuts,
      reconnects: received.subscribed - subscribers,
      refusals: received.refusals,
      ...delays.figures(),
    };
  },
};

/** Each at least once, and on until the time is over. Returns how many. */
async function makeFaults(stack: LearningStack, seconds: number, announce: (name: string) => void): Promise<number> {
  const end = performance.now() + seconds * 1_000;
  let made = 0;
  for (; made < FAULTS.length || performance.now() < end; made += 1) {
    await sleep(RECOVERY_MS);
    const fault = FAULTS[made % FAULTS.length]!;
    announce(fault.name);
    await fault.make(stack);
  }
  await sleep(RECOVERY_MS);
  return made;
}

/** Returns how many changes the databases hold besides the enrolments. */
async function compare(
  chaos: Chaos,
  { databases, gateways }: LearningStack,
  learners: readonly Learner[],
  course: Course,
): Promise<number> {
  const caughtUp = await until(
    async () => {
      const truths = await readTruths(databases, course.id);
      return learners.every(({ id, subscribers }) =>
        subscribers.every(({ updates }) => updates.at(-1)?.progress.revision === truths.get(id)?.progress.revision),
      );
    },
    PATIENCE_MS,
    500,
  );
  chaos.check('every subscriber catches up', caughtUp);
  await sleep(AFTERMATH_MS);
  const truths = await readTruths(databases, course.id);
  const faults: string[] = [];
  for (const { id, token, subscribers } of learners) {
    const truth = truths.get(id);
    if (!truth) throw new Error(`the databases do not know learner ${id}`);
    for (const [device, { updates }] of subscribers.entries()) {
      faults.push(...faultsOf(updates, truth).map((fault) => `device ${device} of ${id}: ${fault}`));
    }
    const told = await readProgress(gateways[0].client, token, course.id);
    if (!isDeepStrictEqual(told, truth.progress)) faults.push(`the graph tells ${id} ${JSON.stringify(told)}`);
  }
  const seen = faults.length === 0 ? undefined : { faults: faults.length, first: faults.slice(0, 5) };
  chaos.check('every subscriber got every change once, in order, up to the state as it is', faults.length === 0, seen);
  return [...truths.values()].reduce((sum, { changes }) => sum + changes.length - 1, 0);
}
