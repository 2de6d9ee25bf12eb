/**
 * Whether a run's figures keep what a bench promises.
 */
import { rounded } from './statistics.ts';

export type Promised = {
  readonly promise: string;
  /** NaN where it was not measured. */
  readonly value: number;
} & ({ readonly least: number } | { readonly most: number });

export interface Judged {
  readonly holds: boolean;
  /** For people. */
  readonly lines: readonly string[];
}

/** Bounds are inclusive. What was not measured is not kept. */
export function judgeAll(promises: readonly Promised[]): Judged {
  return { holds: promises.every(isKept), lines: promises.map(describe) };
}

function isKept(promised: Promised): boolean {
  const { value } = promised;
  return Number.isFinite(value) && ('least' in promised ? value >= promised.least : value <= promised.most);
}

function describe(promised: Promised): string {
  const { promise, value } = promised;
  const said = Number.isNaN(value) ? 'NOT MEASURED' : isKept(promised) ? 'kept' : 'BROKEN';
  const bound = 'least' in promised ? `at least ${promised.least}` : `at most ${promised.most}`;
  return `${said.padEnd(12)}  ${promise}: ${rounded(value) ?? '–'} (${bound})`;
}
