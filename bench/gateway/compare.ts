/**
 * `npm run bench -- gateway`: every participant in turn, in rounds, on a core of its own.
 */
import type { BenchOptions } from '../options.ts';
import { median } from '../statistics.ts';
import { deep, fetchOnce } from './graph/operations.ts';
import type { Participant } from './participants.ts';
import type { Rig, Running, Seen } from './rig.ts';
import type { Figures } from './verdict.ts';

export interface Row {
  readonly id: string;
  readonly title: string;
  /** Why it was not measured. */
  readonly disqualified: string | null;
  readonly coldStartMs: number | null;
  readonly firstPlanMs: number | null;
  readonly residentMb: number | null;
  readonly deep: OperationRow | null;
  readonly fetch: OperationRow | null;
}
export interface OperationRow extends Figures {
  readonly rounds: readonly Figures[];
  /** For each second of processor time that the gateway had: what is left to compare where a machine was not quiet. */
  readonly requestsPerCpuSecond: number;
  /** Requests to subgraphs for each request: tells what was really shared. */
  readonly fetches: number;
  /** Shares of a core's time. */
  readonly gatewayCpu: number;
  readonly loadCpu: number;
  readonly subgraphsCpu: number;
}

interface Entry {
  readonly participant: Participant;
  running: Running | null;
  disqualified: string | null;
  readonly seen: { deep: Seen[]; fetch: Seen[] };
}

const operations = { deep, fetch: fetchOnce } as const;
const kinds = ['deep', 'fetch'] as const;

const asks = ({ withoutSubgraphs }: Participant, kind: 'deep' | 'fetch') => kind === 'fetch' || !withoutSubgraphs;

export async function compare(
  rig: Rig,
  chosen: readonly Participant[],
  { rounds, seconds, connections, quick }: BenchOptions,
): Promise<Row[]> {
  const entries: Entry[] = chosen.map((participant) => ({
    participant,
    running: null,
    disqualified: null,
    seen: { deep: [], fetch: [] },
  }));

  const processes = new Map<string, Running>();
  for (const entry of entries) {
    await startOne(rig, entry, processes);
    const { participant, running, disqualified } = entry;
    console.log(
      disqualified
        ? `DISQUALIFIED  ${participant.title}: ${disqualified}`
        : `ready  ${participant.title}: up in ${Math.round(running?.coldStartMs ?? NaN)} ms, answers are right`,
    );
  }

  const visit = async (entry: Entry, kind: 'deep' | 'fetch', warmUpMs: number, measureMs: number) => {
    const { participant, running, disqualified } = entry;
    if (!running || disqualified || !asks(participant, kind)) return null;
    const plan = { operations: [operations[kind]], connections, warmUpMs, measureMs };
    const seen = await rig.visit(participant, running, plan);
    if (seen.failures > 0) {
      entry.disqualified = `${seen.failures} failures under load: ${seen.failure}`;
      console.log(`DISQUALIFIED  ${participant.title}: ${entry.disqualified}`);
      return null;
    }
    return seen;
  };

  const warmUpMs = quick ? 700 : 2_000;
  console.log(`Warming up, ${warmUpMs / 1000} s each.`);
  for (const entry of entries) for (const kind of kinds) await visit(entry, kind, warmUpMs - 100, 100);

  for (let round = 0; round < rounds; round += 1) {
    // Rotated, so that nobody always follows the same neighbour's heat.
    const from = Math.floor((round * entries.length) / rounds);
    for (const entry of [...entries.slice(from), ...entries.slice(0, from)]) {
      const said: string[] = [];
      for (const kind of kinds) {
        const seen = await visit(entry, kind, quick ? 200 : 500, seconds * 1000);
        if (!seen) continue;
        said.push(`${kind} ${Math.round(seen.answers / seen.seconds)}/s`);
        // No answer in time is no figure.
        if (seen.answers > 0) entry.seen[kind].push(seen);
      }
      if (said.length > 0) console.log(`round ${round + 1}  ${entry.participant.title}: ${said.join(', ')}`);
    }
  }
  return entries.map(summarise);
}

async function startOne(rig: Rig, entry: Entry, processes: Map<string, Running>): Promise<void> {
  const { participant } = entry;
  try {
    let running = processes.get(participant.process);
    if (!running) {
      running = await rig.start(participant, participant.withoutSubgraphs ? null : deep);
      processes.set(participant.process, running);
    }
    entry.running = running;
    for (const kind of kinds) {
      if (!asks(participant, kind)) continue;
      const wrong = await rig.verify(participant, running, operations[kind]);
      if (wrong) entry.disqualified ??= `${kind}: ${wrong}`;
    }
  } catch (error) {
    entry.disqualified = error instanceof Error ? error.message : String(error);
  }
}

function summarise({ participant, running, disqualified, seen }: Entry): Row {
  const memory = (seen.deep.length > 0 ? seen.deep : seen.fetch).map((visit) => visit.residentMb);
  return {
    id: participant.id,
    title: participant.title,
    disqualified,
    coldStartMs: running && Math.round(running.coldStartMs),
    firstPlanMs: running?.firstPlanMs ? Math.round(running.firstPlanMs) : null,
    residentMb: memory.length > 0 ? Math.round(median(memory)) : null,
    deep: disqualified ? null : summariseOperation(seen.deep),
    fetch: disqualified ? null : summariseOperation(seen.fetch),
  };
}

function summariseOperation(seen: readonly Seen[]): OperationRow | null {
  if (seen.length === 0) return null;
  const rounds = seen.map(({ answers, seconds, p50, p99 }) => ({ requestsPerSecond: answers / seconds, p50, p99 }));
  const middle = (of: (visit: Seen) => number) => median(seen.map(of));
  return {
    requestsPerSecond: median(rounds.map(({ requestsPerSecond }) => requestsPerSecond)),
    p50: middle(({ p50 }) => p50),
    p99: middle(({ p99 }) => p99),
    requestsPerCpuSecond: middle((visit) => visit.answers / visit.seconds / visit.gatewayCpu),
    fetches: middle(({ fetches }) => fetches),
    gatewayCpu: middle(({ gatewayCpu }) => gatewayCpu),
    loadCpu: middle(({ loadCpu }) => loadCpu),
    subgraphsCpu: middle(({ subgraphsCpu }) => subgraphsCpu),
    rounds,
  };
}
