/**
 * Learners follow their progress on many devices while they work, and what lies between a commit and a socket dies.
 *
 * What the subscribers got is compared with the databases: every change once, in order, up to the state as it is.
 */
import { isDeepStrictEqual } from 'node:util';
import { until } from '@lyceum/local-stack';
import { sleep } from '@lyceum/service-kit';
import type { Chaos, Scenario } from '../../scenario.ts';
import { faultsOf, type Update } from '../../support/learning/comparison.ts';
import { type Course, enroll, readCourse, readProgress } from '../../support/learning/course.ts';
import { keepCutting, type Learner, openLearners } from '../../support/learning/learners.ts';
import { type LearningStack, openLearningStack } from '../../support/learning/stack.ts';
import type { SubscriberTally } from '../../support/learning/subscriber.ts';
import { readTruths } from '../../support/learning/truth.ts';
import { keepWriting, type WriterTally } from '../../support/learning/writer.ts';
import { watchDelays } from './delays.ts';
import { ALL_AT_ONCE, FAULTS, type FaultsOptions, makeFaults } from './faults.ts';

interface Size extends FaultsOptions {
  readonly learners: number;
  /** Subscribers of each learner. */
  readonly devices: number;
  /** Between two writes of a learner, on average. */
  readonly writeEveryMs: number;
  /** Between two cuts of any sockets, on average. */
  readonly cutEveryMs: number;
}

const FULL: Size = {
  learners: 20,
  devices: 10,
  writeEveryMs: 500,
  cutEveryMs: 200,
  faults: [...FAULTS, ALL_AT_ONCE],
  seconds: 60,
  recoveryMs: 5_000,
};
const QUICK: Size = {
  learners: 5,
  devices: 4,
  writeEveryMs: 250,
  cutEveryMs: 800,
  faults: FAULTS,
  seconds: 10,
  recoveryMs: 1_500,
};
/** No promise of speed: this machine may be busy. */
const PATIENCE_MS = 60_000;
/** What must not come has time to come. */
const AFTERMATH_MS = 2_000;

export const subscriptions: Scenario = {
  name: 'subscriptions',
  promise: 'Subscribers get every event once and in order, whatever dies between the database and their sockets.',
  async run(chaos) {
    const size = chaos.quick ? QUICK : FULL;
    const stack = await openLearningStack(chaos);
    const clients = stack.gateways.map(({ client }) => client);
    const course = await readCourse(clients[0]!);
    chaos.say(`everything runs; ${course.title} has ${course.lessons.size} lessons`);
    const delays = watchDelays();
    const received: SubscriberTally = { subscribed: 0, events: 0, refusals: {}, closeCodes: {} };
    const options = { course, tally: received, onDelivery: delays.add };
    const learners = await openLearners(chaos, stack, { count: size.learners, devices: size.devices, ...options });
    const subscribers = size.learners * size.devices;
    chaos.say(`${subscribers} subscribers of ${learners.length} learners at ${clients.length} gateways`);
    await Promise.all(learners.map(({ token }) => enroll(clients[0]!, token, course.id)));

    const stopping = chaos.own(new AbortController(), (s) => s.abort());
    const written: WriterTally = { acknowledged: 0, failed: 0, longestMs: 0 };
    const writing = learners.map(({ token }) =>
      keepWriting({ token, course, clients, everyMs: size.writeEveryMs, tally: written }, stopping.signal),
    );
    const cutting = keepCutting(learners, size.cutEveryMs, stopping.signal);
    const made = await makeFaults(stack, size, (name) => {
      chaos.say(`${name} (after ${written.acknowledged} writes and ${received.events} events)`);
      delays.begin(name);
    });
    stopping.abort();
    const [cuts] = await Promise.all([cutting, ...writing]);
    chaos.say(`nobody writes any more: ${written.acknowledged} writes, ${received.events} events`);
    const { changes, distinct } = await compare(chaos, stack, learners, course);

    const duplicates = received.events - distinct;
    chaos.check('no event came twice, not even one that its cursor told apart', duplicates === 0, duplicates);
    chaos.check('nobody was told that events are lost', !received.refusals.CURSOR_EXPIRED, received.refusals);
    const { acknowledged, failed } = written;
    chaos.check(
      'every acknowledged write is in the databases',
      acknowledged <= changes,
      `${acknowledged} of ${changes}`,
    );
    chaos.check('there was load, and sockets were cut', acknowledged > 2 * learners.length && cuts > 5, {
      acknowledged,
      cuts,
    });
    return {
      subscribers,
      writers: learners.length,
      writes: acknowledged,
      failedWrites: failed,
      events: received.events,
      duplicates,
      faults: made,
      cuts,
      reconnects: received.subscribed - subscribers,
      closeCodes: received.closeCodes,
      refusals: received.refusals,
      ...delays.figures(),
    };
  },
};

/** Returns how many changes the databases hold besides the enrolments, and how many the subscribers got, each counted once. */
async function compare(
  chaos: Chaos,
  { databases, gateways }: LearningStack,
  learners: readonly Learner[],
  course: Course,
): Promise<{ changes: number; distinct: number }> {
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
  const subscribers = learners.flatMap((learner) => learner.subscribers);
  return {
    changes: [...truths.values()].reduce((sum, { changes }) => sum + changes.length - 1, 0),
    distinct: subscribers.reduce((sum, { updates }) => sum + new Set(updates.map(revisionOf)).size, 0),
  };
}

function revisionOf({ progress }: Update): number {
  return progress.revision;
}
