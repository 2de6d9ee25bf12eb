/**
 * How many connections a whole deployment may open to each server: by processes, pools and shards. Pure.
 *
 * One server holds databases of several domains, and often several shards: what counts against its `max_connections` is the
 * sum. Of each pool all connections count, on primaries those for reading too, as they take over for replicas.
 */

import type { Domain } from '../domain.ts';
import { WATCH_CONNECTIONS } from '../map/shard-watch.ts';
import { RELAY_CONNECTIONS } from '../outbox/reader.ts';
import type { DatabasePolicy } from './database-policy.ts';
import { type ProcessKind, WORKLOADS_OF } from './processes.ts';

/** One domain's database on a server. */
export interface PlacedDatabase {
  readonly domain: Domain;
  readonly role: 'primary' | 'replica';
  /** `host:port` of the server. */
  readonly address: string;
}

export interface Consumer {
  /** Such as `users write`. */
  readonly name: string;
  readonly connections: number;
}

export interface ServerBudget {
  readonly address: string;
  /** Of a server that is both: `primary`. */
  readonly role: 'primary' | 'replica';
  readonly connections: number;
  /** The biggest first. */
  readonly consumers: readonly Consumer[];
}

/** In order of the addresses. */
export function connectionBudget(policy: DatabasePolicy, placed: readonly PlacedDatabase[]): ServerBudget[] {
  const byAddress = Map.groupBy(placed, ({ address }) => address);
  return [...byAddress]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([address, databases]) => {
      const consumers = merged(databases.flatMap((database) => consumersOf(policy, database)));
      return {
        address,
        role: databases.some(({ role }) => role === 'primary') ? 'primary' : 'replica',
        connections: consumers.reduce((sum, { connections }) => sum + connections, 0),
        consumers,
      };
    });
}

function consumersOf({ pools, processes }: DatabasePolicy, { domain, role }: PlacedDatabase): Consumer[] {
  const pooled = Object.entries(WORKLOADS_OF).flatMap(([kind, uses]: [string, (typeof WORKLOADS_OF)[ProcessKind]]) => {
    const workloads = (domain in uses && uses[domain as keyof typeof uses]) || [];
    return (workloads as readonly (keyof typeof pools)[])
      .filter((workload) => role === 'primary' || workload !== 'write')
      .map((workload) => ({
        name: `${kind} ${workload}`,
        connections: processes[kind as ProcessKind] * pools[workload].max,
      }));
  });
  const relay = role === 'primary' ? RELAY_CONNECTIONS : 0;
  return [...pooled, { name: 'worker relay', connections: processes.worker * (relay + WATCH_CONNECTIONS) }];
}

function merged(consumers: readonly Consumer[]): Consumer[] {
  return [...Map.groupBy(consumers, ({ name }) => name)]
    .map(([name, same]) => ({ name, connections: same.reduce((sum, { connections }) => sum + connections, 0) }))
    .filter(({ connections }) => connections > 0)
    .sort((a, b) => b.connections - a.connections || (a.name < b.name ? -1 : 1));
}
