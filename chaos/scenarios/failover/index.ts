/**
 * A primary is killed while learners write, read and follow their progress, and a replica takes its place by command:
 * first that of the home shard, which holds the lock of the map, then that of the other, with the command killed too.
 *
 * Commits wait for one of two standbys. Every acknowledged write is looked for in the databases.
 */
import { until } from '@lyceum/local-stack';
import { sleep } from '@lyceum/service-kit';
import type { Chaos, Scenario } from '../../scenario.ts';
import { faultsOf } from '../../support/learning/comparison.ts';
import { enroll, readCourse } from '../../support/learning/course.ts';
import { openLearners } from '../../support/learning/learners.ts';
import { type LearningStack, openLearningStack } from '../../support/learning/stack.ts';
import type { SubscriberTally } from '../../support/learning/subscriber.ts';
import { readTruths } from '../../support/learning/truth.ts';
import { lyceumShards } from '../../support/lyceum-shards.ts';
import { compareWrites } from './comparison.ts';
import { type OutageFigures, sufferOutage } from './outage.ts';
import { type Participant, putToWork, type Work } from './participants.ts';

interface Size {
  /** So many that no shard is without. */
  readonly learners: number;
  readonly devices: number;
  readonly darkMs: number;
  readonly outages: readonly { readonly shard: string; readonly interrupted: boolean }[];
}

const FULL: Size = {
  learners: 24,
  devices: 2,
  darkMs: 5_000,
  outages: [
    { shard: 's1', interrupted: false },
    { shard: 's2', interrupted: true },
  ],
};
const QUICK: Size = { learners: 16, devices: 1, darkMs: 2_000, outages: [{ shard: 's1', interrupted: false }] };
const USUAL_MS = 2_000;
const PATIENCE_MS = 60_000;

export const failover: Scenario = {
  name: 'failover',
  promise:
    'A primary dies under load and a replica is promoted: no acknowledged write is lost, within 10 s all goes on.',
  async run(chaos) {
    const size = chaos.quick ? QUICK : FULL;
    const stack = await openLearningStack(chaos, { synchronous: true });
    const { client } = stack.gateways[0];
    const course = await readCourse(client);
    const received: SubscriberTally = { subscribed: 0, events: 0, refusals: {}, closeCodes: {} };
    const { learners: count, devices } = size;
    const learners = await openLearners(chaos, stack, {
      count,
      devices,
      course,
      tally: received,
      onDelivery: () => {},
    });
    await Promise.all(learners.map(({ token }) => enroll(client, token, course.id)));
    const work = await putToWork(chaos, stack, learners, course);
    chaos.say(`${learners.length} learners write, read and follow`);
    await sleep(USUAL_MS);
    const usual = work.failures(stack.databases.shards);
    chaos.check('nothing fails while all is well', usual.writes + usual.reads === 0, usual);

    const outages: Record<string, OutageFigures> = {};
    for (const { shard, interrupted } of size.outages) {
      outages[shard] = await sufferOutage(chaos, stack, work, { shard, interrupted, course, darkMs: size.darkMs });
      await sleep(USUAL_MS);
    }
    await work.stop();

    const cut = received.subscribed - learners.length * devices;
    chaos.check('no subscription was interrupted', cut === 0, received);
    const writes = await compare(chaos, stack, work, course.id);
    const stale = work.participants.reduce((sum, { read }) => sum + read.stale, 0);
    chaos.check('no read was older than the one before', stale === 0, stale);
    const verified = await lyceumShards(['verify'], stack);
    chaos.check('every row is where it belongs', verified.code === 0, verified.output);
    return { learners: learners.length, ...writes, events: received.events, outages };
  },
};

async function compare(chaos: Chaos, { databases }: LearningStack, { participants }: Work, courseId: string) {
  const caughtUp = await until(
    async () => {
      const truths = await readTruths(databases, courseId);
      const isCaughtUp = ({ learner: { id, subscribers } }: Participant) =>
        subscribers.every(({ updates }) => updates.at(-1)?.progress.revision === truths.get(id)?.progress.revision);
      return participants.every(isCaughtUp);
    },
    PATIENCE_MS,
    500,
  );
  chaos.check('every subscriber catches up', caughtUp);
  const truths = await readTruths(databases, courseId);
  const faults = participants.flatMap(({ learner: { id, subscribers } }) =>
    subscribers.flatMap(({ updates }) => faultsOf(updates, truths.get(id)!).map((fault) => `${id}: ${fault}`)),
  );
  chaos.check('every event came once, in order, up to the state as it is', faults.length === 0, faults.slice(0, 5));

  const compared = participants.map(({ learner, acknowledged, written }) => {
    const { lost, unacknowledged } = compareWrites(acknowledged, truths.get(learner.id)!.changes);
    return { lost, unacknowledged, inexplicable: Math.max(0, unacknowledged - written.failed) };
  });
  const lost = compared.flatMap((each) => each.lost);
  chaos.check('every acknowledged write is there', lost.length === 0, lost.slice(0, 5));
  const doubled = compared.reduce((sum, each) => sum + each.inexplicable, 0);
  chaos.check('nothing is there twice, unless its outcome was unknown', doubled === 0, doubled);
  return {
    acknowledged: participants.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0),
    lost: lost.length,
    unacknowledged: compared.reduce((sum, each) => sum + each.unacknowledged, 0),
  };
}
