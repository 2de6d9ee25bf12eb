/**
 * A third shard joins and a quarter of the buckets moves to it, while learners write, read and follow their progress; then
 * they move back, and the mover is killed in each phase and started again.
 *
 * Every acknowledged write is compared with the databases, every event with the writes.
 */
import { sleep } from '@lyceum/service-kit';
import type { Chaos, Scenario } from '../../scenario.ts';
import { openClassroom } from '../../support/learning/classroom.ts';
import type { Learner } from '../../support/learning/learners.ts';
import { checkOutcome } from '../../support/learning/outcome.ts';
import type { LearningStack } from '../../support/learning/stack.ts';
import { putToWork, totalOf } from '../../support/learning/work.ts';
import { lyceumShards } from '../../support/lyceum-shards.ts';

interface Size {
  readonly learners: number;
  readonly devices: number;
  /** They move one after the other. */
  readonly domains: readonly string[];
}

/** So many learners that a quarter of the buckets is never without. */
const FULL: Size = { learners: 24, devices: 2, domains: ['progress', 'users'] };
const QUICK: Size = { learners: 16, devices: 1, domains: ['progress'] };
/** Well below what two cores carry beside the mover: a wait is to be the mover's, not the machine's. */
const EVERY_MS = 1_000;
/** A quarter, from both shards. */
const BUCKETS = '1536-2559';
const GRACE = ['--grace', '2'];
/** In the order of a move; the hand over is long enough to be cut off twice. */
const PHASES = ['announce', 'copy', 'hand over', 'hand over', 'clear'] as const;
const LONGEST_WAIT_MS = 1_000;
const USUAL_MS = 2_000;

export const moveBuckets: Scenario = {
  name: 'move-buckets',
  promise:
    'Buckets move between shards under load: no request fails, no row is lost or doubled, no subscription notices.',
  async run(chaos) {
    const size = chaos.quick ? QUICK : FULL;
    const { learners: count, devices, domains } = size;
    const classroom = await openClassroom(chaos, { learners: count, devices, further: true });
    const { stack, learners, received } = classroom;
    const stop = putToWork(chaos, classroom, EVERY_MS);
    await sleep(USUAL_MS);
    const begun = performance.now();

    await join(chaos, stack);
    const freezes = await moveThere(chaos, stack, domains);
    const kills = await moveBackUnderKills(chaos, stack, domains[0]!);
    await sleep(1_000);
    await stop();

    const { writes, failedWrites, reads, failedReads, staleReads, samples } = totalOf(learners);
    chaos.check('no write failed', failedWrites === 0, { writes, failedWrites });
    chaos.check('no read failed', failedReads === 0, { reads, failedReads, samples });
    chaos.check('no read was older than the one before', staleReads === 0, staleReads);
    const beforeTheMoves = longestWrite(learners, 0, begun);
    const longestMs = longestWrite(learners, begun);
    chaos.check(`no write took ${LONGEST_WAIT_MS} ms`, longestMs < LONGEST_WAIT_MS, { longestMs, beforeTheMoves });
    const cut = received.subscribed - learners.length * devices;
    chaos.check('no subscription was interrupted', cut === 0, received);
    await checkOutcome(chaos, classroom);
    const verified = await lyceumShards(['verify'], stack);
    chaos.check('every row is where it belongs', verified.code === 0, verified.output);
    return {
      learners: learners.length,
      writes,
      reads,
      events: received.events,
      longestWriteMs: longestMs,
      longestFreezeMs: Math.max(...freezes),
      kills,
    };
  },
};

/** Of those that were sent in this time; in milliseconds. */
function longestWrite(learners: readonly Learner[], from: number, to = Number.POSITIVE_INFINITY): number {
  const sent = learners
    .flatMap(({ written }) => written.acknowledged)
    .filter(({ sentAt }) => sentAt >= from && sentAt < to);
  return Math.round(Math.max(0, ...sent.map(({ tookMs }) => tookMs)));
}

async function join(chaos: Chaos, { databases, env }: LearningStack): Promise<void> {
  const { name, primary, replica } = databases.further!;
  const added = await lyceumShards(['add', name, '--primary', primary, '--replica', replica], { env });
  chaos.check('a third shard joins', added.code === 0, added.code === 0 ? undefined : added.output);
}

/** Returns the longest freeze of each move, in milliseconds. */
async function moveThere(
  chaos: Chaos,
  { databases, env }: LearningStack,
  domains: readonly string[],
): Promise<number[]> {
  const freezes: number[] = [];
  for (const domain of domains) {
    const args = ['move', '--domain', domain, '--buckets', BUCKETS, '--to', databases.further!.name, ...GRACE];
    const moved = await lyceumShards(args, { env });
    const [rows, freezeMs] = [/with ([\d,]+) rows/, /at most ([\d,]+) ms/].map((figure) =>
      figureIn(moved.output, figure),
    );
    freezes.push(freezeMs!);
    const isDone = moved.code === 0 && rows! > 0;
    chaos.check(`a quarter of ${domain} moves`, isDone, moved.output.trim().split('\n').at(-1));
  }
  return freezes;
}

/** 0 if it is not there. */
function figureIn(output: string, figure: RegExp): number {
  return Number((figure.exec(output)?.[1] ?? '0').replaceAll(',', ''));
}

/** Returns how often the mover was killed. */
async function moveBackUnderKills(chaos: Chaos, { env }: LearningStack, domain: string): Promise<number> {
  let kills = 0;
  let args = ['move', '--buckets', BUCKETS, '--to', 's1'];
  for (const phase of PHASES) {
    const options = ['--domain', domain, '--chunk', '16', ...GRACE];
    const { code, killed, output } = await lyceumShards([...args, ...options], { env, killAt: `  ${phase}` });
    chaos.check(`the mover is killed in: ${phase}`, killed, killed ? undefined : { code, output });
    if (killed) kills += 1;
    args = ['resume'];
  }
  const { code, output } = await lyceumShards(['resume', '--domain', domain, ...GRACE], { env });
  chaos.check('and in the end it is done', code === 0, output.trim().split('\n').at(-1));
  return kills;
}
