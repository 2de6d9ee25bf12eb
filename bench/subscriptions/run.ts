/**
 * `npm run bench -- subscriptions`, from the first process to the last line.
 */
import { describeCircumstances, warnIfBusy } from '../machine.ts';
import { type BenchOptions, choose } from '../options.ts';
import { stopOnSignals, UNPINNED } from '../processes.ts';
import { writeResults } from '../results.ts';
import { rounded } from '../statistics.ts';
import { type Participant, participants } from './participants.ts';
import { FEW, MANY, MANY_IN_QUICK, measureDelivery, measureFanOut, measureSlowReading, type Row } from './phases.ts';
import { writeReport } from './report.ts';
import { openRig, type Rig } from './rig.ts';
import { compareWithPeers, judge } from './verdict.ts';

/** Resolves to whether every promise was kept. */
export async function runSubscriptions(options: BenchOptions): Promise<boolean> {
  const started = performance.now();
  const circumstances = describeCircumstances();
  warnIfBusy(circumstances);
  const chosen = choose(participants, options);
  stopOnSignals();
  const rig = await openRig(UNPINNED);
  const rows = await measureAll(rig, chosen, options).finally(() => rig.close());
  const { holds, figures, lines } = judge(rows);
  const ratios = compareWithPeers(rows);
  const { rounds, seconds } = options;
  const results = {
    ...circumstances,
    name: 'subscriptions',
    holds,
    settings: { rounds, seconds },
    figures,
    ratios,
    participants: rows,
  };
  const file = writeResults(results, !options.only && !options.quick);
  console.log(`\n${writeReport(rows)}\n\n${lines.join('\n')}\n\nWritten to ${file}.`);
  const lyceum = rows.find(({ id }) => id === 'lyceum');
  console.log(
    JSON.stringify({
      name: 'subscriptions',
      holds,
      ...figures,
      heap_kb_per_socket: rounded(lyceum?.many?.heldKb ?? NaN),
      events_per_s: rounded(lyceum?.fanOut?.eventsPerSecond ?? NaN),
      frames_per_s: rounded(lyceum?.fanOut?.framesPerSecond ?? NaN),
      cpu_us_per_frame: rounded(lyceum?.fanOut?.cpuMicrosecondsPerFrame ?? NaN),
      ...ratios,
      left_out: rows.filter(({ failures }) => failures.length > 0).map(({ id }) => id),
      seconds: Math.round((performance.now() - started) / 1000),
    }),
  );
  return holds;
}

/** Phase by phase, so that what is compared was measured one right after the other. */
async function measureAll(rig: Rig, chosen: readonly Participant[], options: BenchOptions): Promise<Row[]> {
  const entries = chosen.map((participant) => {
    const { id, title } = participant;
    const row: Row = { id, title, few: null, many: null, fanOut: null, slow: null, failures: [] };
    return { participant, row };
  });
  const sockets = options.quick ? MANY_IN_QUICK : MANY;
  const phase = async (
    title: string,
    who: typeof entries,
    measure: (row: Row, participant: Participant) => Promise<string>,
  ) => {
    for (const { row, participant } of who) {
      try {
        console.log(`${title}  ${row.title}: ${await measure(row, participant)}`);
      } catch (error) {
        row.failures.push(`${title}: ${error instanceof Error ? error.message : error}`);
        console.log(`LEFT OUT  ${row.title}, ${row.failures.at(-1)}`);
      }
    }
  };
  await phase(`${FEW} sockets`, entries, async (row, participant) => {
    row.few = await measureDelivery(rig, participant, FEW, options);
    return `p99 ${rounded(row.few.p99) ?? '–'} ms`;
  });
  await phase(`${sockets} sockets`, entries, async (row, participant) => {
    row.many = await measureDelivery(rig, participant, sockets, options);
    return `p99 ${rounded(row.many.p99) ?? '–'} ms, ${rounded(row.many.residentKb)} KB a socket`;
  });
  await phase('fan-out', entries, async (row, participant) => {
    row.fanOut = await measureFanOut(rig, participant, options);
    return `${Math.round(row.fanOut.framesPerSecond)} frames/s`;
  });
  const promising = entries.filter(({ row }) => row.id === 'lyceum');
  await phase('slow reader', promising, async (row, participant) => {
    row.slow = await measureSlowReading(rig, participant, options);
    return `p99 of the others times ${rounded(row.slow.p99Ratio)}, ${rounded(row.slow.growthMb)} MB more`;
  });
  return entries.map(({ row }) => row);
}
