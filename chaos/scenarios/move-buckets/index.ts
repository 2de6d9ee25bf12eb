/**
 * A third shard joins and a quarter of the buckets moves to it, while learners write, read and follow their progress; then
 * they move back, and the mover is killed in each phase and started again.
 *
 * Every acknowledged write is compared with the databases, every event with the writes.
 */
import { until } from '@lyceum/local-stack';
import { sleep } from '@lyceum/service-kit';
import type { Chaos, Scenario } from '../../scenario.ts';
import { faultsOf } from '../../support/learning/comparison.ts';
import { enroll, readCourse } from '../../support/learning/course.ts';
import { type Learner, openLearners } from '../../support/learning/learners.ts';
import { keepReading, type ReaderTally } from '../../support/learning/reader.ts';
import { type LearningStack, openLearningStack } from '../../support/learning/stack.ts';
import type { SubscriberTally } from '../../support/learning/subscriber.ts';
import { readTruths } from '../../support/learning/truth.ts';
import { keepWriting, type WriterTally } from '../../support/learning/writer.ts';
import { lyceumShards } from '../../support/lyceum-shards.ts';

interface Size {
  readonly learners: number;
  readonly devices: number;
  readonly writeEveryMs: number;
  readonly readEveryMs: number;
  /** They move one after the other. */
  readonly domains: readonly string[];
}

/** Well below what two cores carry beside the mover: a wait is to be the mover's, not the machine's. */
const FULL: Size = {
  learners: 24,
  devices: 2,
  writeEveryMs: 1_000,
  readEveryMs: 1_000,
  domains: ['progress', 'users', 'ai'],
};
const QUICK: Size = { learners: 8, devices: 1, writeEveryMs: 400, readEveryMs: 400, domains: ['progress'] };
/** A quarter, from both shards. */
const BUCKETS = '1536-2559';
const GRACE = ['--grace', '2'];
/** In the order of a move; the hand over is long enough to be cut off twice. */
const PHASES = ['announce', 'copy', 'hand over', 'hand over', 'clear'] as const;
const LONGEST_WAIT_MS = 1_000;
const PATIENCE_MS = 60_000;

export const moveBuckets: Scenario = {
  name: 'move-buckets',
  promise:
    'Buckets move between shards under load: no request fails, no row is lost or doubled, no subscription notices.',
  async run(chaos) {
    const size = chaos.quick ? QUICK : FULL;
    const stack = await openLearningStack(chaos, { further: true });
    const clients = stack.gateways.map(({ client }) => client);
    const course = await readCourse(clients[0]!);
    const received: SubscriberTally = { subscribed: 0, events: 0, refusals: {}, closeCodes: {} };
    const learners = await openLearners(chaos, stack, {
      count: size.learners,
      devices: size.devices,
      course,
      tally: received,
      onDelivery: () => {},
    });
    await Promise.all(learners.map(({ token }) => enroll(clients[0]!, token, course.id)));
    chaos.say(`${learners.length} learners write, read and follow`);

    const stopping = chaos.own(new AbortController(), (s) => s.abort());
    const written: WriterTally = { acknowledged: 0, failed: 0, longestMs: 0 };
    const read: ReaderTally = { answers: 0, failed: 0, stale: 0, samples: [] };
    const working = learners.flatMap(({ token }) => [
      keepWriting({ token, course, clients, everyMs: size.writeEveryMs, tally: written }, stopping.signal),
      keepReading({ token, courseId: course.id, clients, everyMs: size.readEveryMs, tally: read }, stopping.signal),
    ]);
    await sleep(2_000);
    const usualMs = Math.round(written.longestMs);
    written.longestMs = 0;

    await join(chaos, stack);
    const freezes = await moveThere(chaos, stack, size.domains);
    const kills = await moveBackUnderKills(chaos, stack, size.domains[0]!);
    await sleep(1_000);
    stopping.abort();
    await Promise.all(working);

    chaos.check('no write failed', written.failed === 0, {
      acknowledged: written.acknowledged,
      failed: written.failed,
    });
    chaos.check('no read failed', read.failed === 0, { answers: read.answers, failed: read.failed, of: read.samples });
    chaos.check('no read was older than the one before', read.stale === 0, read.stale);
    const longestMs = Math.round(written.longestMs);
    chaos.check(`no write took ${LONGEST_WAIT_MS} ms`, longestMs < LONGEST_WAIT_MS, {
      longestMs,
      beforeTheMoves: usualMs,
    });
    const cut = received.subscribed - learners.length * size.devices;
    chaos.check('no subscription was interrupted', cut === 0, received);
    await compare(chaos, stack, learners, course.id, written.acknowledged);
    const verified = await lyceumShards(['verify'], stack);
    chaos.check('every row is where it belongs', verified.code === 0, verified.output);
    return {
      learners: learners.length,
      writes: written.acknowledged,
      reads: read.answers,
      events: received.events,
      longestWriteMs: longestMs,
      longestFreezeMs: Math.max(...freezes),
      kills,
    };
  },
};

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
    const freeze = /at most ([\d,]+) ms/.exec(moved.output)?.[1];
    if (freeze) freezes.push(Number(freeze.replaceAll(',', '')));
    chaos.check(`a quarter of ${domain} moves`, moved.code === 0, moved.output.trim().split('\n').at(-1));
  }
  return freezes;
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

async function compare(
  chaos: Chaos,
  { databases }: LearningStack,
  learners: readonly Learner[],
  courseId: string,
  acknowledged: number,
): Promise<void> {
  const caughtUp = await until(
    async () => {
      const truths = await readTruths(databases, courseId);
      return learners.every(({ id, subscribers }) =>
        subscribers.every(({ updates }) => updates.at(-1)?.progress.revision === truths.get(id)?.progress.revision),
      );
    },
    PATIENCE_MS,
    500,
  );
  chaos.check('every subscriber catches up', caughtUp);
  const truths = await readTruths(databases, courseId);
  const faults = learners.flatMap(({ id, subscribers }) =>
    subscribers.flatMap(({ updates }) => faultsOf(updates, truths.get(id)!).map((fault) => `${id}: ${fault}`)),
  );
  chaos.check('every event came once, in order, up to the state as it is', faults.length === 0, faults.slice(0, 5));
  const changes = [...truths.values()].reduce((sum, truth) => sum + truth.changes.length - 1, 0);
  chaos.check('every acknowledged write is there, and once', changes === acknowledged, { changes, acknowledged });
}
