/**
 * A comparison for people: one table, and what the promises came to.
 */
import { count, milliseconds, percent, ratio, writeTable } from '../table.ts';
import type { OperationRow, Row } from './compare.ts';
import type { Lookup } from './verdict.ts';

/** Above this share of its core the load, not the gateway, may set the pace. */
const FULL = 0.95;

export function lookUp(rows: readonly Row[]): Lookup {
  return (id, operation) => rows.find((row) => row.id === id)?.[operation] ?? null;
}

export function writeReport(rows: readonly Row[]): string {
  const floor = lookUp(rows);
  const cells = (row: OperationRow | null, kind: 'deep' | 'fetch') => [
    count(row?.requestsPerSecond),
    milliseconds(row?.p50),
    milliseconds(row?.p99),
    ratio(row && row.requestsPerSecond / (floor('floor', kind)?.requestsPerSecond ?? NaN)),
    row ? row.fetches.toFixed(1) : '–',
    row ? `${percent(row.gatewayCpu)}/${percent(row.loadCpu + row.subgraphsCpu)}` : '–',
  ];
  const head = (kind: string) => [`${kind}/s`, 'p50 ms', 'p99 ms', '×floor', 'fetches', 'CPU own/rest'];
  const table = writeTable(
    ['', ...head('deep'), ...head('fetch'), 'MB', 'start ms', 'first ms'],
    rows.map((row) => [
      row.title,
      ...cells(row.deep, 'deep'),
      ...cells(row.fetch, 'fetch'),
      count(row.residentMb),
      count(row.coldStartMs),
      count(row.firstPlanMs),
    ]),
  );
  return [table, '', ...remarks(rows)].join('\n');
}

function remarks(rows: readonly Row[]): string[] {
  const said = [
    'MB: resident memory, median after the deep operation. start: from the process to its first answer; first: its first deep answer.',
    'fetches: requests to subgraphs for each request; fewer than the plan has where equal ones are shared.',
    'CPU own/rest: of the core of the gateway, and of the core of load generator and subgraphs.',
  ];
  for (const row of rows) {
    if (row.disqualified) said.push(`DISQUALIFIED  ${row.title}: ${row.disqualified}`);
    for (const kind of ['deep', 'fetch'] as const) {
      const seen = row[kind];
      if (seen && seen.gatewayCpu < FULL && seen.loadCpu + seen.subgraphsCpu >= FULL) {
        said.push(
          `${row.title}, ${kind}: limited by the load (its core was full, the gateway's was not); it could do more.`,
        );
      }
    }
  }
  return said;
}
