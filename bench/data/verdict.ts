/**
 * What the bench promises of the data plane, and whether a run's figures keep it.
 *
 * 1.5 is where the work that Lyceum adds would begin to be felt: a repository that costs more than that is written
 * otherwise (docs/adr/0026). It bounds throughput and p99 alike, of every path.
 */
import { type Judged, judgeAll } from '../promises.ts';
import { rounded } from '../statistics.ts';
import type { Compared } from './compare.ts';
import { PATHS, type PathName } from './paths.ts';
import type { OneDatabase } from './phases.ts';

const COST_MOST = 1.5;
const ROUTING_MOST_US = 5;

export interface Verdict extends Judged {
  /** To plain `pg`: throughput is better above 1, p99 below. */
  readonly paths: Readonly<Record<string, { readonly throughput: number | null; readonly p99: number | null }>>;
}

export function judge({ paths, routingMicroseconds }: OneDatabase): Verdict {
  const promises = (Object.keys(PATHS) as PathName[]).flatMap((name) => {
    const { throughput, p99 } = lyceumOf(paths[name]);
    return [
      { promise: `${PATHS[name]}: plain pg's throughput, over Lyceum's`, value: 1 / throughput, most: COST_MOST },
      { promise: `${PATHS[name]}: Lyceum's p99, over plain pg's`, value: p99, most: COST_MOST },
    ];
  });
  promises.push({ promise: 'µs to route a read', value: routingMicroseconds, most: ROUTING_MOST_US });
  return {
    ...judgeAll(promises),
    paths: Object.fromEntries(
      Object.entries(paths).map(([name, rows]) => {
        const { throughput, p99 } = lyceumOf(rows);
        return [name, { throughput: rounded(throughput), p99: rounded(p99) }];
      }),
    ),
  };
}

function lyceumOf(rows: readonly Compared[]): Compared {
  const found = rows.find(({ id }) => id === 'lyceum');
  if (!found) throw new Error('Lyceum was not measured.');
  return found;
}
