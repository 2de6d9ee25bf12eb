/**
 * One run of a bench, from the first process to the last line.
 */
import { describeCircumstances, warnIfBusy } from '../machine.ts';
import { type BenchOptions, choose } from '../options.ts';
import { withCores } from '../processes.ts';
import { writeResults } from '../results.ts';
import { rounded } from '../statistics.ts';
import { compare } from './compare.ts';
import { measureGrowth, writeGrowth } from './growth.ts';
import { growing, participants } from './participants.ts';
import { lookUp, writeReport } from './report.ts';
import { openRig, type Rig } from './rig.ts';
import { judge } from './verdict.ts';

/** Starts what is needed, and leaves nothing behind, whatever happens. */
async function withRig<T>(options: BenchOptions, use: (rig: Rig) => Promise<T>): Promise<T> {
  return await withCores(options, async (cores) => {
    const rig = await openRig(cores);
    try {
      return await use(rig);
    } finally {
      await rig.close();
    }
  });
}

/** Resolves to whether every promise was kept. */
export async function runComparison(options: BenchOptions): Promise<boolean> {
  const started = performance.now();
  const circumstances = describeCircumstances();
  warnIfBusy(circumstances);
  const chosen = choose(participants, options);
  const rows = await withRig(options, (rig) => compare(rig, chosen, options));
  const figures = lookUp(rows);
  const { holds, ratios, lines } = judge(figures);
  const { rounds, seconds, connections } = options;
  const results = {
    ...circumstances,
    name: 'gateway' as const,
    holds,
    settings: { rounds, seconds, connections },
    ratios,
    participants: rows,
  };
  const file = writeResults(results, !options.only && !options.quick);
  console.log(`\n${writeReport(rows)}\n\n${lines.join('\n')}\n\nWritten to ${file}.`);
  console.log(
    JSON.stringify({
      name: 'gateway',
      holds,
      ...ratios,
      deep_p99_ms: rounded(figures('lyceum', 'deep')?.p99 ?? NaN),
      apollo_deep_p50_ms: rounded(figures('apollo', 'deep')?.p50 ?? NaN),
      disqualified: rows.filter((row) => row.disqualified).map(({ id }) => id),
      seconds: Math.round((performance.now() - started) / 1000),
    }),
  );
  return holds;
}

/** Resolves to whether everything was answered, and rightly: growth promises no speed. */
export async function runGrowth(options: BenchOptions): Promise<boolean> {
  const started = performance.now();
  const circumstances = describeCircumstances();
  warnIfBusy(circumstances);
  const able = [growing, ...participants.filter(({ id }) => !/^(lyceum|floor|yoga-alone)/.test(id))];
  const chosen = options.only ? choose(able, options) : [growing];
  const figures = await withRig(options, (rig) => measureGrowth(rig, chosen, options));
  const holds = figures.every(({ failure }) => failure === null);
  const { seconds, connections } = options;
  const results = { ...circumstances, name: 'gateway-growth', holds, settings: { seconds, connections }, figures };
  const file = writeResults(results, !options.only && !options.quick);
  console.log(`\n${writeGrowth(figures)}\nWritten to ${file}.`);
  const speeds = Object.fromEntries(
    figures
      .filter(({ participant }) => participant === growing.title)
      .map(({ series, value, requestsPerSecond }) => [`${series}_${value}`, rounded(requestsPerSecond)]),
  );
  const took = Math.round((performance.now() - started) / 1000);
  console.log(JSON.stringify({ name: 'gateway-growth', holds, ...speeds, seconds: took }));
  return holds;
}
