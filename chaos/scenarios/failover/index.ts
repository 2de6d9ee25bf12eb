/**
 * A primary is killed while learners write, read and follow their progress, and a replica takes its place by command:
 * first that of the home shard, which holds the lock of the map, then that of the other, with the command killed too.
 *
 * Commits wait for one of two standbys. Every acknowledged write is looked for in the databases.
 */
import { sleep } from '@lyceum/service-kit';
import type { Scenario } from '../../scenario.ts';
import { openClassroom } from '../../support/learning/classroom.ts';
import { checkOutcome } from '../../support/learning/outcome.ts';
import { putToWork, totalOf } from '../../support/learning/work.ts';
import { lyceumShards } from '../../support/lyceum-shards.ts';
import { groupByShard } from './groups.ts';
import { type OutageFigures, sufferOutage } from './outage.ts';

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
const EVERY_MS = 400;
const USUAL_MS = 2_000;

export const failover: Scenario = {
  name: 'failover',
  promise:
    'A primary dies under load and a replica is promoted: no acknowledged write is lost, within 10 s all goes on.',
  async run(chaos) {
    const size = chaos.quick ? QUICK : FULL;
    const classroom = await openClassroom(chaos, { ...size, synchronous: true });
    const { stack, learners, received } = classroom;
    const groups = await groupByShard(stack.databases, learners);
    const stop = putToWork(chaos, classroom, EVERY_MS);
    await sleep(USUAL_MS);
    const usual = totalOf(learners);
    chaos.check('nothing fails while all is well', usual.failedWrites + usual.failedReads === 0, usual);

    const outages: Record<string, OutageFigures> = {};
    for (const { shard, interrupted } of size.outages) {
      outages[shard] = await sufferOutage(chaos, classroom, groups, { shard, interrupted, darkMs: size.darkMs });
      await sleep(USUAL_MS);
    }
    await stop();

    const cut = received.subscribed - learners.length * size.devices;
    chaos.check('no subscription was interrupted', cut === 0, received);
    const { acknowledged, lost, unacknowledged } = await checkOutcome(chaos, classroom);
    const { staleReads } = totalOf(learners);
    chaos.check('no read was older than the one before', staleReads === 0, staleReads);
    const verified = await lyceumShards(['verify'], stack);
    chaos.check('every row is where it belongs', verified.code === 0, verified.output);
    return { learners: learners.length, acknowledged, lost, unacknowledged, events: received.events, outages };
  },
};
