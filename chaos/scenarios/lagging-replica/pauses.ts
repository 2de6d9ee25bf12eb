/**
 * What happens to replay, and who answers meanwhile.
 */
import { sleep } from '@lyceum/service-kit';
import type { Chaos } from '../../scenario.ts';
import type { LearningStack } from '../../support/learning/stack.ts';
import { countReads, type Share, shareBetween } from './read-counts.ts';
import { lookAround, type StrangersOptions, type StrangersTally } from './strangers.ts';
import type { Tally, Viewer } from './viewer.ts';

export interface World {
  readonly stack: LearningStack;
  readonly viewers: readonly Viewer[];
  readonly tally: Tally;
  readonly strangers: StrangersOptions;
}

/** Replicas that lag for ten seconds go out of use: a pause, with what is under way at its end, is shorter. */
const PAUSE_MS = 7_000;
const SHARE_MIN = 0.8;
/** The primaries get ahead, and what tells of it has come. */
const AHEAD_MS = 1_500;
const QUIET_MS = 500;
const STRANGERS_MS = 2_000;
/** The ten seconds, and a look each second with some patience: from then on nobody is to be shown what was. */
const OUT_OF_USE_MS = 15_000;
const BACK_MS = 15_000;
const WINDOW_MS = 500;

/** Until so many operations were made while replay stood still. Returns how many reads were kept off replicas. */
export async function pauseAgainAndAgain(
  chaos: Chaos,
  { stack, viewers, tally }: World,
  operations: number,
): Promise<{ pauses: number; kept: number; share: number }> {
  const { databases, subgraphUrls } = stack;
  const left = () => operations - tally.writes - tally.reads;
  const before = await countReads(subgraphUrls);
  let pauses = 0;
  for (; left() > 0; pauses += 1) {
    await databases.pauseReplay();
    await within(PAUSE_MS, async (stopped, stop) => {
      const working = viewers.map((viewer) => viewer.work(stopped));
      for (; !stopped.aborted && left() > 0; await sleep(5, stopped));
      stop();
      await Promise.all(working);
    });
    await databases.resumeReplay();
    chaos.say(`${tally.writes} writes, ${tally.reads} reads, ${tally.events} events`);
  }
  const after = await countReads(subgraphUrls);
  const { reasons } = shareBetween(before, after);
  const kept = reasons.behind ?? 0;
  chaos.check('reads were kept off replicas for what the reader had seen', kept > 0, reasons);
  const courses = shareBetween(before, after, 'courses');
  chaos.check(
    'courses, to which nobody writes, are read from replicas',
    courses.ofReplicas > SHARE_MIN,
    courses.reasons,
  );
  return { pauses, kept, share: rounded(courses.ofReplicas) };
}

/** Returns the share of replicas of strangers' reads, and after how long in a pause replicas were out of use. */
export async function pauseForLong(
  chaos: Chaos,
  { stack, viewers, strangers }: World,
): Promise<{ share: number; outOfUseSeconds: number }> {
  const { databases, subgraphUrls } = stack;
  await databases.pauseReplay();
  const paused = performance.now();
  await within(AHEAD_MS, (stopped) => Promise.all(viewers.map((viewer) => viewer.work(stopped))));
  await sleep(QUIET_MS);
  const looked: StrangersTally[] = [];
  const early = await shareWhile(subgraphUrls, async () => {
    looked.push(await within(STRANGERS_MS, (stopped) => lookAround(strangers, stopped)));
  });
  chaos.check('who has written nothing is answered by replicas', early.ofReplicas > SHARE_MIN, early.reasons);
  chaos.check('replicas do stand still: strangers see names of before', looked[0]!.past > 0, looked[0]);

  const working = new AbortController();
  const everybody = viewers.map((viewer) => viewer.work(working.signal));
  const begun = lookAround(strangers, working.signal);
  let share: Share;
  do {
    share = await shareWhile(subgraphUrls, () => sleep(WINDOW_MS));
  } while (share.replica > 0 && performance.now() - paused < OUT_OF_USE_MS);
  const outOfUseSeconds = rounded((performance.now() - paused) / 1_000);
  chaos.check('replicas that lag too far go out of use', share.replica === 0, { outOfUseSeconds, ...share });
  working.abort();
  looked.push(await begun);
  await Promise.all(everybody);

  const late = await within(STRANGERS_MS, (stopped) => lookAround(strangers, stopped));
  chaos.check('from then on nobody is shown what was', late.past === 0, late);
  looked.push(late);
  const failed = looked.reduce((sum, each) => sum + each.failed, 0);
  chaos.check('no read of a stranger failed', failed === 0, failed);
  return { share: rounded(early.ofReplicas), outOfUseSeconds };
}

/** Everybody writes and reads as before. Returns the share of replicas, and how long it took to come back. */
export async function goOn(chaos: Chaos, { stack, viewers }: World): Promise<{ share: number; seconds: number }> {
  const { databases, subgraphUrls } = stack;
  const resumed = performance.now();
  await databases.resumeReplay();
  return await within(BACK_MS, async (stopped, stop) => {
    const working = viewers.map((viewer) => viewer.work(stopped));
    let share: Share;
    let seconds: number;
    do {
      share = await shareWhile(subgraphUrls, () => sleep(3 * WINDOW_MS));
      seconds = rounded((performance.now() - resumed) / 1_000);
      chaos.say(`${Math.round(share.ofReplicas * 100)} % of the reads are answered by replicas`);
    } while (share.ofReplicas <= SHARE_MIN && !stopped.aborted);
    chaos.check('replicas answer most reads again', share.ofReplicas > SHARE_MIN, { seconds, ...share.reasons });
    stop();
    await Promise.all(working);
    return { share: rounded(share.ofReplicas), seconds };
  });
}

async function shareWhile(subgraphUrls: readonly string[], work: () => Promise<void>): Promise<Share> {
  const before = await countReads(subgraphUrls);
  await work();
  return shareBetween(before, await countReads(subgraphUrls));
}

/** Tells the work to stop when the time is over; the work may stop itself before. */
async function within<T>(ms: number, work: (stopped: AbortSignal, stop: () => void) => Promise<T>): Promise<T> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  const timer = setTimeout(stop, ms);
  try {
    return await work(stopping.signal, stop);
  } finally {
    clearTimeout(timer);
    stop();
  }
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
