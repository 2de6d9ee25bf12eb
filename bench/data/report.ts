/**
 * A run for people.
 */
import { count, milliseconds, ratio, writeTable } from '../table.ts';
import type { Compared } from './compare.ts';
import { PATHS, type PathName } from './paths.ts';
import type { OneDatabase, Shape } from './phases.ts';

const TITLES: Readonly<Record<string, string>> = {
  pg: 'plain pg',
  lyceum: 'Lyceum',
  prisma: "Prisma's models, routed",
};
const HEAD = ['calls/s', 'p50 ms', 'p99 ms', '×calls', '×p99', 'CPU µs'];

const cells = ({ figures, throughput, p99 }: Compared) => [
  count(figures.perSecond),
  milliseconds(figures.p50),
  milliseconds(figures.p99),
  ratio(throughput),
  ratio(p99),
  count(figures.cpuMicroseconds),
];

export function writeReport({ paths, replicas }: OneDatabase, shards: readonly Shape[]): string {
  const compared = (Object.keys(PATHS) as PathName[]).flatMap((name) =>
    paths[name].map((row) => [`${PATHS[name]}: ${TITLES[row.id] ?? row.id}`, ...cells(row)]),
  );
  const shaped = [
    ...shards.map(({ count: n, reads }) => [`progress of a viewer: ${n} shard${plural(n)}`, ...cells(reads)]),
    ...shards.flatMap(({ count: n, writes }) =>
      writes ? [[`completion of a lesson: ${n} shard${plural(n)}`, ...cells(writes)]] : [],
    ),
    ...replicas.map(({ count: n, reads }) => [`progress of a viewer: ${n} replica${plural(n)}`, ...cells(reads)]),
  ];
  return [
    writeTable(['', ...HEAD], compared),
    '',
    writeTable(['', ...HEAD], shaped),
    '',
    '×: compared with plain pg, or with the first row of the kind. CPU: of this process, for each call.',
    'Shards and replicas share the cores of one machine: their shape is shown, and nothing is promised of it.',
  ].join('\n');
}

const plural = (n: number) => (n === 1 ? '' : 's');
