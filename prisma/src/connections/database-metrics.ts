/**
 * What the router counts. `role` says where a read was sent, `reason` why not to a replica.
 */
import type { Metrics } from '@lyceum/service-kit';

/**
 * - `fresh`: a replica was fresh enough.
 * - `asked`: the caller wanted the primary.
 * - `behind`: no replica had replayed what the reader has seen.
 * - `unhealthy`: no replica answers, or all lag.
 * - `crowded`: so too, and more wait for the primary than it is asked to bear: refused.
 * - `no_replica`: the shard has none.
 * - `positions_unknown`: Redis did not say what the reader has seen.
 * - `failed_over`: a replica failed in the middle of a statement; the primary answered it.
 */
type ReadReason = PrimaryReason | 'fresh' | 'failed_over' | 'crowded';

/** Why a read was sent to the primary. */
export type PrimaryReason = 'asked' | 'behind' | 'unhealthy' | 'no_replica' | 'positions_unknown';

export interface DatabaseMetrics {
  read(shard: string, role: 'primary' | 'replica', reason: ReadReason): void;
  /**
   * - `stale_map`: refused because the buckets were dealt out anew, and tried again.
   * - `unknown`: the connection was lost while COMMIT was on its way.
   */
  write(shard: string, outcome: 'committed' | 'rolled_back' | 'stale_map' | 'unknown'): void;
  lag(shard: string, replica: number, seconds: number): void;
  /** Whether its primary answers and takes writes. */
  up(shard: string, isUp: boolean): void;
}

export function createDatabaseMetrics(domain: string, metrics: Metrics | undefined): DatabaseMetrics {
  if (!metrics) return { read() {}, write() {}, lag() {}, up() {} };
  const reads = metrics.counter({
    name: 'lyceum_database_reads_total',
    help: 'Reads by where they were sent.',
    labelNames: ['domain', 'shard', 'role', 'reason'] as const,
  });
  const writes = metrics.counter({
    name: 'lyceum_database_writes_total',
    help: 'Transactions by how they ended.',
    labelNames: ['domain', 'shard', 'outcome'] as const,
  });
  const lag = metrics.gauge({
    name: 'lyceum_database_replica_lag_seconds',
    help: 'How far replay is behind the primary; -1 when a replica does not answer.',
    labelNames: ['domain', 'shard', 'replica'] as const,
  });
  const up = metrics.gauge({
    name: 'lyceum_database_shard_up',
    help: '1 while the primary of a shard answers and takes writes, else 0.',
    labelNames: ['domain', 'shard'] as const,
  });
  return {
    read: (shard, role, reason) => reads.inc({ domain, shard, role, reason }),
    write: (shard, outcome) => writes.inc({ domain, shard, outcome }),
    lag: (shard, replica, seconds) => lag.set({ domain, shard, replica: String(replica) }, seconds),
    up: (shard, isUp) => up.set({ domain, shard }, isUp ? 1 : 0),
  };
}
