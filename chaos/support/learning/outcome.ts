/**
 * What came of it: once everybody has caught up, what subscribers got and what learners were told of their writes is
 * compared with what the databases hold.
 */
import { until } from '@lyceum/local-stack';
import { sleep } from '@lyceum/service-kit';
import type { Chaos } from '../../scenario.ts';
import type { Classroom } from './classroom.ts';
import { compareWrites, faultsOf, type Truth } from './comparison.ts';
import { readTruths } from './truth.ts';

export interface Outcome {
  /** By learner. */
  readonly truths: ReadonlyMap<string, Truth>;
  readonly acknowledged: number;
  readonly lost: number;
  /** There, though their outcome stayed unknown. */
  readonly unacknowledged: number;
}

/** No promise of speed: this machine may be busy. */
const PATIENCE_MS = 60_000;
/** What must not come has time to come. */
const AFTERMATH_MS = 2_000;

/** Nobody may write any more. */
export async function checkOutcome(chaos: Chaos, { stack, course, learners }: Classroom): Promise<Outcome> {
  const caughtUp = await until(
    async () => {
      const truths = await readTruths(stack.databases, course.id);
      return learners.every(({ id, subscribers }) =>
        subscribers.every(({ updates }) => updates.at(-1)?.progress.revision === truths.get(id)?.progress.revision),
      );
    },
    PATIENCE_MS,
    500,
  );
  chaos.check('every subscriber catches up', caughtUp);
  await sleep(AFTERMATH_MS);
  const truths = await readTruths(stack.databases, course.id);
  const faults = learners.flatMap(({ id, subscribers }) =>
    subscribers.flatMap(({ updates }) => faultsOf(updates, truths.get(id)!).map((fault) => `${id}: ${fault}`)),
  );
  const seen = faults.length === 0 ? undefined : { faults: faults.length, first: faults.slice(0, 5) };
  chaos.check('every subscriber got every event once, in order, up to the state as it is', faults.length === 0, seen);

  const compared = learners.map(({ id, written }) => {
    const { lost, unacknowledged } = compareWrites(written.acknowledged, truths.get(id)!.changes);
    return { lost, unacknowledged, inexplicable: Math.max(0, unacknowledged - written.failed) };
  });
  const lost = compared.flatMap((each) => each.lost);
  chaos.check('every acknowledged write is there', lost.length === 0, lost.slice(0, 5));
  const doubled = compared.reduce((sum, each) => sum + each.inexplicable, 0);
  chaos.check('nothing is there twice, unless its outcome was unknown', doubled === 0, doubled);
  return {
    truths,
    acknowledged: learners.reduce((sum, { written }) => sum + written.acknowledged.length, 0),
    lost: lost.length,
    unacknowledged: compared.reduce((sum, each) => sum + each.unacknowledged, 0),
  };
}
