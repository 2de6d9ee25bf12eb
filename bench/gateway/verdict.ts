/**
 * What the bench promises of Lyceum, and whether a run's figures keep it.
 */
import { type Judged, judgeAll } from '../promises.ts';
import { rounded } from '../statistics.ts';

/** Medians of one participant and one operation. */
export interface Figures {
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}
/** Null where a participant was not measured. */
export type Lookup = (id: string, operation: 'deep' | 'fetch') => Figures | null;

interface Promised {
  readonly name: string;
  readonly promise: string;
  readonly least: number;
  /** A ratio; NaN where it was not measured. */
  readonly of: (figures: Lookup) => number;
}

const speed = (operation: 'deep' | 'fetch', ours: string, theirs: string) => (figures: Lookup) =>
  (figures(ours, operation)?.requestsPerSecond ?? NaN) / (figures(theirs, operation)?.requestsPerSecond ?? NaN);

const promises: readonly Promised[] = [
  { name: 'deep_vs_floor', promise: 'deep: of the floor by hand', least: 0.65, of: speed('deep', 'lyceum', 'floor') },
  { name: 'deep_vs_apollo', promise: 'deep: times Apollo Server', least: 5, of: speed('deep', 'lyceum', 'apollo') },
  {
    name: 'deep_vs_hive_rust',
    promise: 'deep: times Hive Gateway with its Rust planner',
    least: 2.5,
    of: speed('deep', 'lyceum', 'hive-rust'),
  },
  {
    name: 'deep_dedupe_vs_hive_rust',
    promise: 'deep, operations shared in both: times Hive Gateway with its Rust planner',
    least: 1.5,
    of: speed('deep', 'lyceum-dedupe', 'hive-rust-whole'),
  },
  {
    name: 'fetch_vs_floor',
    promise: 'one fetch: of the floor by hand',
    least: 0.5,
    of: speed('fetch', 'lyceum', 'floor'),
  },
  {
    name: 'fetch_vs_mercurius',
    promise: 'one fetch: times Mercurius',
    least: 1,
    of: speed('fetch', 'lyceum', 'mercurius'),
  },
  {
    name: 'apollo_p50_vs_deep_p99',
    promise: "deep: Apollo's p50 in units of Lyceum's p99",
    least: 1,
    of: (figures) => (figures('apollo', 'deep')?.p50 ?? NaN) / (figures('lyceum', 'deep')?.p99 ?? NaN),
  },
];

export interface Verdict extends Judged {
  readonly ratios: Readonly<Record<string, number | null>>;
}

export function judge(figures: Lookup): Verdict {
  const measured = promises.map((promised) => ({ ...promised, value: promised.of(figures) }));
  return {
    ...judgeAll(measured),
    ratios: Object.fromEntries(measured.map(({ name, value }) => [name, rounded(value)])),
  };
}
