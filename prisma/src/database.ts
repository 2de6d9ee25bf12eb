/**
 * Opens a domain's databases: routing by id, sessions and the directory.
 */
import {
  type Environment,
  type Live,
  type Logger,
  type Metrics,
  type Redis,
  type RedisKeys,
  withTimeout,
} from '@lyceum/service-kit';
import { loadClientFactory } from './connections/clients.ts';
import { createDatabaseMetrics } from './connections/database-metrics.ts';
import { type DatabasePolicy, DEFAULT_DATABASE_POLICY } from './connections/database-policy.ts';
import type { Workload } from './connections/pools.ts';
import { type ProcessKind, workloadsOf } from './connections/processes.ts';
import { urlsOfShard } from './connections/urls.ts';
import { createDirectory } from './directory/directory.ts';
import type { Domain } from './domain.ts';
import { bucketOf } from './ids.ts';
import { firstMap, type ShardsPolicy } from './map/shard-map.ts';
import { createFenced, type Fenced } from './routing/fenced.ts';
import { toPosition } from './routing/position.ts';
import { Router } from './routing/router.ts';
import { Session } from './routing/session.ts';
import { Shard } from './routing/shard.ts';
import { createViewerPositions } from './routing/viewer-positions.ts';
import type { Database } from './types.ts';

export type { Database } from './types.ts';

const CHECK_TIMEOUT_MS = 2_000;

export interface DatabaseOptions {
  readonly env: Environment;
  readonly shards: Live<ShardsPolicy>;
  /** A connection in the role `cache`. Null: session reads go to primaries. */
  readonly redis: Redis | null;
  readonly keys: RedisKeys;
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** Default: that of an empty `config/database.yaml`. */
  readonly policy?: DatabasePolicy;
  /** Says what for the databases are opened, and so what is warmed up at start; default: to read and write. */
  readonly process?: ProcessKind;
}

interface Internals<D extends Domain> {
  readonly router: Router<D>;
  readonly fenced: Fenced;
  readonly policy: () => ShardsPolicy;
}

const internals = new WeakMap<object, unknown>();

/** For the other files of this package. */
export function internalsOf<D extends Domain>(database: Pick<Database<D>, 'domain'>): Internals<D> {
  const found = internals.get(database);
  if (!found) throw new Error('Not a database that openDatabase opened.');
  return found as Internals<D>;
}

/**
 * Throws a ConfigError if a shard of the first map has no URL. A server that does not answer is no error here: it is one
 * of `check`, so that a service starts before its databases and becomes ready after them.
 */
export async function openDatabase<D extends Domain>(domain: D, o: DatabaseOptions): Promise<Database<D>> {
  const createClient = await loadClientFactory(domain);
  const metrics = createDatabaseMetrics(domain, o.metrics);
  const log = o.log.child({ domain });
  const policy = o.policy ?? DEFAULT_DATABASE_POLICY;
  const workloads = workloadsOf(o.process, domain);
  const router = new Router<D>({
    first: firstMap(o.shards.current, domain),
    urlsOf: (name, { members }) => urlsOfShard(o.env, domain, name, members[name] ?? null),
    createShard: (name, urls) => new Shard({ domain, name, urls, workloads, policy, createClient, metrics, log }),
    log,
  });
  await router.open();
  const positions = createViewerPositions(o.redis, o.keys);

  const own = (wanted: Workload) => (workloads.includes(wanted) ? wanted : workloads[0]);
  const usual = { read: own('read'), write: own('write') };
  const fenced = createFenced(router, usual);
  const session: Database<D>['session'] = (viewerId, seen, workload) => {
    const lines = workload ? { read: workload, write: workload } : usual;
    return new Session({ domain, viewerId, seen, workloads: lines, router, positions, metrics, log });
  };
  const shardOf = (id: string) => router.map.shardOf(bucketOf(id));

  const pingAll = (timeoutMs: number) =>
    router.shards.map((shard) => withTimeout(shard.ping(), timeoutMs, `shard ${shard.name}`));

  const connections = policy.pools[own('write')].max;
  const database: Database<D> = {
    domain,
    get shards() {
      return router.map.names;
    },
    directory: createDirectory({ domain, fenced, shardOf, session: () => session(null), connections, log }),
    session,
    shardOf,
    foretell: async (viewerId, seen) => {
      const moves = Object.entries(seen).map(([place, text]) => [place, toPosition(text)] as const);
      await positions.advance(viewerId, Object.fromEntries(moves));
    },
    check: async (timeoutMs = CHECK_TIMEOUT_MS) => {
      await Promise.all(pingAll(timeoutMs));
    },
    checkAny: async () => {
      await Promise.any(pingAll(CHECK_TIMEOUT_MS));
    },
    close: () => router.close(),
  };
  internals.set(database, { router, fenced, policy: () => o.shards.current });
  return database;
}
