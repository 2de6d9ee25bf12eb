/**
 * Replay stands still on every replica while learners write, look for it elsewhere and follow their progress.
 *
 * It stands still again and again, each time for less than the lag with which a replica goes out of use: so replicas are
 * there to be read from all the while, and only what a reader has seen keeps reads off them. The last time it stands
 * still for longer. Then it goes on, and so do the learners.
 */
import type { Chaos, Scenario } from '../../scenario.ts';
import { openClassroom } from '../../support/learning/classroom.ts';
import { goOn, pauseAgainAndAgain, pauseForLong, type World } from './pauses.ts';
import { openViewer, type Tally } from './viewer.ts';

interface Size {
  readonly viewers: number;
  readonly strangers: number;
  /** Writes and reads while replay stands still, for less than ten seconds each time. */
  readonly operations: number;
  /** On average, between two operations of a viewer. */
  readonly everyMs: number;
}

const FULL: Size = { viewers: 50, strangers: 10, operations: 10_000, everyMs: 100 };
const QUICK: Size = { viewers: 12, strangers: 4, operations: 400, everyMs: 50 };

/** Of all: what waits three seconds for a connection is refused, and a machine may be that busy. */
const FAILED_MAX = 0.01;

export const laggingReplica: Scenario = {
  name: 'lagging-replica',
  promise: 'Nobody is shown the past of what they wrote or heard of while replicas stand still; others use replicas.',
  async run(chaos) {
    const size = chaos.quick ? QUICK : FULL;
    const world = await openWorld(chaos, size);
    const { tally } = world;
    chaos.say(`${size.viewers} viewers and ${size.strangers} strangers are there`);

    const busy = await pauseAgainAndAgain(chaos, world, size.operations);
    const long = await pauseForLong(chaos, world);
    const { writes, reads } = tally;
    const back = await goOn(chaos, world);

    const { samples, failed, stale, staleAfterEvent } = tally;
    const share = failed / (tally.writes + tally.reads);
    chaos.check('operations were answered, but for what an overloaded machine refuses', share < FAILED_MAX, failed);
    chaos.check('nobody was shown less than their own last write', stale === 0, stale);
    const heard = { events: tally.events, readsAfterEvents: tally.readsAfterEvents };
    chaos.check(
      'viewers got events, and read after them',
      heard.events > writes / 4 && heard.readsAfterEvents > 0,
      heard,
    );
    chaos.check('nobody was shown less than the last event they got', staleAfterEvent === 0, staleAfterEvent);
    for (const sample of samples) chaos.say(sample);
    return {
      viewers: size.viewers,
      writes,
      reads,
      reads_after_events: tally.readsAfterEvents,
      events: tally.events,
      failed,
      stale,
      stale_after_event: staleAfterEvent,
      pauses: busy.pauses,
      reads_kept_off_replicas: busy.kept,
      replica_share_unrelated: long.share,
      replica_share_of_courses: busy.share,
      out_of_use_after_s: long.outOfUseSeconds,
      replica_share_after_resume: back.share,
      back_after_s: back.seconds,
    };
  },
};

/** Everybody is enrolled, and the viewers follow their progress. */
async function openWorld(chaos: Chaos, size: Size): Promise<World> {
  const { stack, course, learners } = await openClassroom(chaos, {
    learners: size.viewers + size.strangers,
    devices: 0,
  });
  const { clients, urls } = stack;
  const counts = { writes: 0, reads: 0, readsAfterEvents: 0, events: 0, failed: 0, stale: 0, staleAfterEvent: 0 };
  const tally: Tally = { ...counts, samples: [] };
  const options = { course, clients, urls, everyMs: size.everyMs, tally };
  const opening = learners.slice(size.strangers).map((learner) => openViewer(chaos, { ...options, learner }));
  const viewers = await Promise.all(opening);
  const tokens = learners.slice(0, size.strangers).flatMap(({ token }) => [token, undefined]);
  return { stack, viewers, tally, strangers: { tokens, viewers, course, clients } };
}
