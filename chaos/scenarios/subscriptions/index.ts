/**
 * Learners follow their progress on many devices while they work, and what lies between a commit and a socket dies.
 *
 * What the subscribers got is compared with the databases: every change once, in order, up to the state as it is.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Chaos, Scenario } from '../../scenario.ts';
import { type Classroom, openClassroom } from '../../support/learning/classroom.ts';
import type { Truth } from '../../support/learning/comparison.ts';
import { readProgress } from '../../support/learning/course.ts';
import { keepCutting, type Learner } from '../../support/learning/learners.ts';
import { checkOutcome } from '../../support/learning/outcome.ts';
import { totalOf } from '../../support/learning/work.ts';
import { keepWriting } from '../../support/learning/writer.ts';
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

export const subscriptions: Scenario = {
  name: 'subscriptions',
  promise: 'Subscribers get every event once and in order, whatever dies between the database and their sockets.',
  async run(chaos) {
    const size = chaos.quick ? QUICK : FULL;
    const delays = watchDelays();
    const classroom = await openClassroom(chaos, {
      learners: size.learners,
      devices: size.devices,
      onDelivery: delays.add,
    });
    const { stack, course, learners, received } = classroom;

    const stopping = chaos.own(new AbortController(), (s) => s.abort());
    const options = { course, clients: stack.clients, everyMs: size.writeEveryMs };
    const writing = learners.map((learner) => keepWriting(learner, options, stopping.signal));
    const cutting = keepCutting(learners, size.cutEveryMs, stopping.signal);
    const made = await makeFaults(stack, size, (name) => {
      chaos.say(`${name} (after ${totalOf(learners).writes} writes and ${received.events} events)`);
      delays.begin(name);
    });
    stopping.abort();
    const [cuts] = await Promise.all([cutting, ...writing]);
    const { writes, failedWrites } = totalOf(learners);
    chaos.say(`nobody writes any more: ${writes} writes, ${received.events} events`);
    const { truths } = await checkOutcome(chaos, classroom);
    await checkGraph(chaos, classroom, truths);

    const duplicates = received.events - countDistinct(learners);
    chaos.check('no event came twice, not even one that its cursor told apart', duplicates === 0, duplicates);
    chaos.check('nobody was told that events are lost', !received.refusals.CURSOR_EXPIRED, received.refusals);
    chaos.check('there was load, and sockets were cut', writes > 2 * learners.length && cuts > 5, { writes, cuts });
    const subscribers = size.learners * size.devices;
    return {
      subscribers,
      writers: learners.length,
      writes,
      failedWrites,
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

/** The graph tells every learner what the databases hold. */
async function checkGraph(
  chaos: Chaos,
  { stack, course, learners }: Classroom,
  truths: ReadonlyMap<string, Truth>,
): Promise<void> {
  const wrong: string[] = [];
  for (const { id, token } of learners) {
    const told = await readProgress(stack.gateways[0].client, token, course.id);
    if (!isDeepStrictEqual(told, truths.get(id)?.progress)) wrong.push(`${id}: ${JSON.stringify(told)}`);
  }
  chaos.check('the graph tells every learner the state as it is', wrong.length === 0, wrong.slice(0, 5));
}

/** What subscribers got, each event of a device counted once. */
function countDistinct(learners: readonly Learner[]): number {
  const subscribers = learners.flatMap((learner) => learner.subscribers);
  return subscribers.reduce(
    (sum, { updates }) => sum + new Set(updates.map(({ progress }) => progress.revision)).size,
    0,
  );
}
