/**
 * What the bench promises of Lyceum's subscriptions, and whether a run's figures keep it.
 */
import { type Judged, judgeAll } from '../promises.ts';
import { rounded } from '../statistics.ts';
import { EVENTS_PER_SECOND, FEW, MANY, type Row } from './phases.ts';

/** What a gateway may keep for one client that does not read, and what a heap differs by from round to round. */
const SLOW_READER_MB = 8;

interface Promised {
  readonly name: string;
  readonly promise: string;
  /** Kept below this; inclusive for counts. */
  readonly most: number;
  /** NaN where it was not measured. */
  readonly of: (lyceum: Row | undefined) => number;
}

const many = (of: (row: NonNullable<Row['many']>) => number) => (lyceum: Row | undefined) =>
  lyceum?.many?.sockets === MANY ? of(lyceum.many) : NaN;

/** An idle process has room to spare, which hides a part of what is resident: the larger of both counts. */
const kbPerSocket = (phase: Row['many'] | undefined) => (phase ? Math.max(phase.residentKb, phase.heldKb) : NaN);

const promises: readonly Promised[] = [
  {
    name: 'kb_per_socket',
    promise: 'KB a socket, resident or held',
    most: 25,
    of: many(kbPerSocket),
  },
  { name: `p99_ms_${FEW}`, promise: `p99 in ms, ${FEW} sockets`, most: 10, of: (row) => row?.few?.p99 ?? NaN },
  { name: `p99_ms_${MANY}`, promise: `p99 in ms, ${MANY} sockets`, most: 50, of: many(({ p99 }) => p99) },
  {
    name: 'late_share',
    promise: `part of ${EVENTS_PER_SECOND} events/s that was not delivered in its second`,
    most: 0.01,
    of: (row) => {
      const seen = [row?.few, row?.many].map((phase) => (phase ? 1 - phase.eventsPerSecond / EVENTS_PER_SECOND : NaN));
      return Math.max(...seen);
    },
  },
  {
    name: 'lost_or_repeated',
    promise: 'events lost or heard twice',
    most: 0,
    of: (row) => {
      const phases = row?.few && row.many && row.fanOut ? [row.few, row.many, { ...row.fanOut, repeated: 0 }] : [];
      return phases.length ? phases.reduce((sum, { lost, repeated }) => sum + lost + repeated, 0) : NaN;
    },
  },
  {
    name: 'slow_reader_growth_mb',
    promise: 'MB more while a client does not read',
    most: SLOW_READER_MB,
    of: (row) => row?.slow?.growthMb ?? NaN,
  },
  {
    name: 'slow_reader_p99_ratio',
    promise: "the others' p99 while a client does not read, over that while it reads",
    most: 1.2,
    of: (row) => row?.slow?.p99Ratio ?? NaN,
  },
];

export interface Verdict extends Judged {
  readonly figures: Readonly<Record<string, number | null>>;
}

export function judge(rows: readonly Row[]): Verdict {
  const lyceum = rows.find(({ id }) => id === 'lyceum');
  const measured = promises.map((promised) => ({ ...promised, value: promised.of(lyceum) }));
  return {
    ...judgeAll(measured),
    figures: Object.fromEntries(measured.map(({ name, value }) => [name, rounded(value)])),
  };
}

/** Above 1, Lyceum is so many times better. */
export function compareWithPeers(rows: readonly Row[]): Record<string, number | null> {
  const [lyceum, ...peers] = [rows.find(({ id }) => id === 'lyceum'), ...rows.filter(({ id }) => id !== 'lyceum')];
  const ratios: Record<string, number | null> = {};
  for (const peer of peers) {
    if (!peer) continue;
    const id = peer.id.replaceAll('-', '_');
    const add = (name: string, theirs: number | undefined, ours: number | undefined) => {
      ratios[`${name}_vs_${id}`] = rounded((theirs ?? NaN) / (ours ?? NaN));
    };
    add('kb_per_socket', kbPerSocket(peer.many), kbPerSocket(lyceum?.many));
    add('p99_few', peer.few?.p99, lyceum?.few?.p99);
    add('p99_many', peer.many?.p99, lyceum?.many?.p99);
    add('frames_per_s', lyceum?.fanOut?.framesPerSecond, peer.fanOut?.framesPerSecond);
    add('cpu_per_frame', peer.fanOut?.cpuMicrosecondsPerFrame, lyceum?.fanOut?.cpuMicrosecondsPerFrame);
  }
  return ratios;
}
