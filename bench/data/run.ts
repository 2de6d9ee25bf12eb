/**
 * `npm run bench -- data`, from the first server to the last line.
 */
import { describeCircumstances, warnIfBusy } from '../machine.ts';
import type { BenchOptions } from '../options.ts';
import { writeResults } from '../results.ts';
import { rounded } from '../statistics.ts';
import { CALLERS } from './load.ts';
import { type Amounts, measureOneDatabase, measureShards, type Shape } from './phases.ts';
import { writeReport } from './report.ts';
import { judge } from './verdict.ts';

/** Of the seconds asked for: many short visits, because neighbours are compared with each other. */
const VISIT = 0.4;

/** Resolves to whether every promise was kept. */
export async function runData({ quick, rounds, seconds }: BenchOptions): Promise<boolean> {
  const started = performance.now();
  const circumstances = describeCircumstances();
  warnIfBusy(circumstances);
  const visit = seconds * VISIT;
  const amounts: Amounts = {
    paths: { turns: rounds * 5, seconds: visit },
    shapes: { turns: rounds * 2, seconds: visit },
    prisma: !quick,
    learners: quick ? 1_000 : 50_000,
    learnersDivided: quick ? 500 : 3_000,
  };
  const one = await measureOneDatabase(amounts);
  const shards = await measureShards(amounts);
  const { holds, paths, lines } = judge(one);
  const settings = { ...amounts, callers: CALLERS };
  const results = { ...circumstances, name: 'data', holds, settings, ...one, shards };
  const file = writeResults(results, !quick);
  console.log(`\n${writeReport(one, shards)}\n\n${lines.join('\n')}\n\nWritten to ${file}.`);
  console.log(
    JSON.stringify({
      name: 'data',
      holds,
      paths,
      routing_us: rounded(one.routingMicroseconds),
      shards: throughputs(shards),
      replicas: throughputs(one.replicas),
      seconds: Math.round((performance.now() - started) / 1_000),
    }),
  );
  return holds;
}

/** Calls a second, by how many there are. */
function throughputs(shapes: readonly Shape[]): Record<string, Record<string, number | null>> {
  return Object.fromEntries(
    shapes.map(({ count, reads, writes }) => [
      count,
      {
        reads_per_s: rounded(reads.figures.perSecond),
        ...(writes && { writes_per_s: rounded(writes.figures.perSecond) }),
      },
    ]),
  );
}
