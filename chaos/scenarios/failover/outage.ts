/**
 * One primary dies under load and stays dead; `lyceum shards promote` is run, and it is measured how long it takes from
 * there until learners write and read again.
 */
import { until } from '@lyceum/local-stack';
import { sleep } from '@lyceum/service-kit';
import type { Chaos } from '../../scenario.ts';
import type { Classroom } from '../../support/learning/classroom.ts';
import { readProgress } from '../../support/learning/course.ts';
import type { Learner } from '../../support/learning/learners.ts';
import type { LearningStack } from '../../support/learning/stack.ts';
import { type Totals, totalOf } from '../../support/learning/work.ts';
import { lyceumShards } from '../../support/lyceum-shards.ts';
import type { Groups } from './groups.ts';

export interface OutageOptions {
  readonly shard: string;
  /** Between the death and the command. */
  readonly darkMs: number;
  /** Whether the command is killed on its way and run again. */
  readonly interrupted: boolean;
}

export interface OutageFigures {
  /** From the start of the command until the first learner of the shard wrote and read. */
  readonly back_in_ms: number;
  /** Until every one of them did. */
  readonly all_back_in_ms: number;
  /** From the death on, of learners of the shard. */
  readonly failed_writes: number;
  readonly failed_reads: number;
  readonly answered_reads: number;
}

const BACK_WITHIN_MS = 10_000;
const PATIENCE_MS = 60_000;

export async function sufferOutage(
  chaos: Chaos,
  classroom: Classroom,
  groups: Groups,
  { shard, darkMs, interrupted }: OutageOptions,
): Promise<OutageFigures> {
  const { stack, learners } = classroom;
  const affected = groups.get(shard)!;
  const others = learners.filter((learner) => !affected.includes(learner));
  const before = { affected: totalOf(affected), others: totalOf(others) };
  await stack.databases.killPrimary(shard);
  chaos.say(`the primary of ${shard} is dead`);
  await sleep(darkMs);

  const begun = performance.now();
  const commanding = promote(chaos, stack, shard, interrupted);
  const back = await Promise.all(affected.map((learner) => untilBack(classroom, learner, begun)));
  await commanding;
  const [first, last] = [Math.min(...back), Math.max(...back)].map(Math.round) as [number, number];
  chaos.check(`${shard} is back within 10 s of the command, for all`, last < BACK_WITHIN_MS, { first, last });
  const own = since(before.affected, totalOf(affected));
  const apart = since(before.others, totalOf(others));
  chaos.check('learners of other shards notice nothing', apart.failedWrites + apart.failedReads === 0, apart);
  return {
    back_in_ms: first,
    all_back_in_ms: last,
    failed_writes: own.failedWrites,
    failed_reads: own.failedReads,
    answered_reads: own.reads - own.failedReads,
  };
}

async function promote(chaos: Chaos, { env }: LearningStack, shard: string, interrupted: boolean): Promise<void> {
  const args = ['promote', shard];
  const onLine = (line: string) => chaos.say(`        ${line}`);
  if (interrupted) {
    const { killed } = await lyceumShards(args, { env, onLine, killAt: 'promoting', killWithinMs: 0 });
    chaos.check('the command is killed on its way', killed);
  }
  const { code } = await lyceumShards(args, { env, onLine });
  chaos.check(`${shard} has a new primary`, code === 0);
}

/** Until a write that was sent after `begun` is acknowledged, and read. Returns how long after `begun`, in milliseconds. */
async function untilBack({ stack, course }: Classroom, { token, written }: Learner, begun: number): Promise<number> {
  const isBack = async () => {
    const write = written.acknowledged.findLast(({ sentAt }) => sentAt > begun);
    if (!write) return false;
    const seen = await readProgress(stack.gateways[0].client, token, course.id).catch(() => null);
    return ((seen ?? {}) as { revision?: number }).revision! >= write.revision;
  };
  return (await until(isBack, PATIENCE_MS)) ? performance.now() - begun : Number.POSITIVE_INFINITY;
}

function since(before: Totals, after: Totals): Pick<Totals, 'failedWrites' | 'reads' | 'failedReads'> {
  return {
    failedWrites: after.failedWrites - before.failedWrites,
    reads: after.reads - before.reads,
    failedReads: after.failedReads - before.failedReads,
  };
}
