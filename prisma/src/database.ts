/**
 * Opens a domain's databases: one shard object per shard of the map, routing by id, sessions and the directory.
 */
import {
  type Environment,
  type Live,
  type Logger,
  LyceumError,
  type Metrics,
  type Redis,
  type RedisKeys,
  withTimeout,
} from '@lyceum/service-kit';
import { loadClientFactory } from './clients.ts';
import { createDatabaseMetrics } from './database-metrics.ts';
import { createDirectory } from './directory.ts';
import type { Domain } from './domain.ts';
import { bucketOf } from './ids.ts';
import { toPosition } from './position.ts';
import { Session } from './session.ts';
import { Shard } from './shard.ts';
import { type ShardsPolicy, shardOfBucket, shardsOf } from './shard-map.ts';
import type { Database, SeenPositions } from './types.ts';
import { readDatabaseUrls } from './urls.ts';
import { createViewerPositions } from './viewer-positions.ts';

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
}

interface Internals<D extends Domain> {
  readonly shards: () => readonly Shard<D>[];
  readonly shardOfBucket: (bucket: number) => Shard<D>;
  readonly policy: () => ShardsPolicy;
}

const internals = new WeakMap<object, unknown>();

/** For the other files of this package. */
export function internalsOf<D extends Domain>(database: Database<D>): Internals<D> {
  const found = internals.get(database);
  if (!found) throw new Error('Not a database that openDatabase opened.');
  return found as Internals<D>;
}

/**
 * Throws a ConfigError if a shard of the map has no URL. A server that does not answer is no error here: it is one of
 * `check`, so that a service starts before its databases and becomes ready after them.
 */
export async function openDatabase<D extends Domain>(domain: D, o: DatabaseOptions): Promise<Database<D>> {
  const names = shardsOf(o.shards.current, domain);
  const urls = readDatabaseUrls(o.env, domain, names);
  const createClient = await loadClientFactory(domain);
  const metrics = createDatabaseMetrics(domain, o.metrics);
  const shards = new Map(
    names.map((name) => [name, new Shard({ domain, name, urls: urls[name]!, createClient, metrics, log: o.log })]),
  );
  await Promise.all([...shards.values()].map((shard) => shard.open()));

  const named = (name: string): Shard<D> => {
    const shard = shards.get(name);
    // The map was edited to name a shard that this process was started without.
    if (!shard) throw new LyceumError('SERVICE_UNAVAILABLE', undefined, undefined, { cause: `shard ${name}` });
    return shard;
  };
  const ofBucket = (bucket: number) => named(shardOfBucket(o.shards.current, domain, bucket));
  const ofId = (id: string) => ofBucket(bucketOf(id));
  const all = () => [...shards.values()];
  const positions = createViewerPositions(o.redis, o.keys);

  const session = (viewerId: string | null, seen?: SeenPositions) =>
    new Session({ domain, viewerId, seen, shardOf: ofId, shards: all, positions, metrics, log: o.log });

  const database: Database<D> = {
    domain,
    shards: names,
    directory: createDirectory({
      domain,
      read: (bucket, text, values) => ofBucket(bucket).pool.query(text, values),
      write: (bucket, text, values) => ofBucket(bucket).pool.query(text, values),
      readShard: (name, text, values) => named(name).pool.query(text, values),
      shardOf: (id) => ofId(id).name,
      session: () => session(null),
      log: o.log,
    }),
    session,
    shardOf: (id) => ofId(id).name,
    foretell: async (viewerId, seen) => {
      const moves = Object.entries(seen).map(([place, text]) => positions.advance(viewerId, place, toPosition(text)));
      await Promise.all(moves);
    },
    check: async (timeoutMs = CHECK_TIMEOUT_MS) => {
      await Promise.all(all().map((shard) => withTimeout(shard.check(), timeoutMs, `shard ${shard.name}`)));
    },
    close: async () => {
      await Promise.all(all().map((shard) => shard.close()));
    },
  };
  internals.set(database, { shards: all, shardOfBucket: ofBucket, policy: () => o.shards.current });
  return database;
}
