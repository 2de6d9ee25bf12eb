/**
 * Everything a worker holds open, opened here and closed in reverse.
 */
import { join } from 'node:path';
import {
  type Database,
  DIRECTORY_DOMAINS,
  directOf,
  firstMap,
  type MaintainedTable,
  maintainPartitions,
  openDatabase,
  openDatabasePolicies,
  openOutboxReader,
  PartitionsPolicy,
  partitionedTables,
  poolerOf,
  watchShards,
} from '@lyceum/database';
import { createModelRouter, ModelsPolicy } from '@lyceum/models';
import {
  closeRedis,
  connectRedis,
  createMetrics,
  createRedisKeys,
  type Lifecycle,
  type Logger,
  openPolicy,
  type RedisRole,
  systemClock,
} from '@lyceum/service-kit';
import type { WorkerConfig } from './config.ts';

/** What the relays read; they reach the database through here alone. */
export type { OutboxReader, OutboxRow, RefusedMessage, SendOutcome } from '@lyceum/database';

type DirectoryDomain = (typeof DIRECTORY_DOMAINS)[number];
/** The databases in which values are claimed. */
export type Directories = readonly Database<DirectoryDomain>[];

/** A shard with tables that are partitioned by month. */
export interface PartitionedShard {
  readonly domain: string;
  readonly shard: string;
  /** Null if another worker is at it. */
  maintain(now: Date, signal: AbortSignal): Promise<MaintainedTable[] | null>;
}

export async function openResources(config: WorkerConfig, life: Lifecycle, log: Logger) {
  const metrics = createMetrics('worker');
  const keys = createRedisKeys(config.REDIS_PREFIX);
  const env = config.environment;
  const close = (resource: { close(): unknown }) => resource.close();

  const policyFile = (name: string) => join(config.CONFIG_DIR, name);
  const models = life.own('models', await openPolicy(policyFile('models.yaml'), ModelsPolicy, { log }), close);

  const partitions = life.own(
    'partitions',
    await openPolicy(policyFile('partitions.yaml'), PartitionsPolicy, { log }),
    close,
  );

  const redis = async (role: RedisRole) =>
    life.own(`redis:${role}`, await connectRedis(config.REDIS_URL, role, { log }), closeRedis);
  const [publisher, queue, worker, subscriber] = await Promise.all([
    redis('publisher'),
    redis('queue'),
    redis('worker'),
    redis('subscriber'),
  ]);

  // A worker reads what it is about to change from primaries: it keeps no viewer's positions.
  const policies = await openDatabasePolicies({ folder: config.CONFIG_DIR, env, life, log });
  const pooler = poolerOf(policies.policy);
  const options = { ...policies, process: 'worker', redis: null, keys, log, metrics } as const;
  const database = life.own('database', await openDatabase('ai', options), close);
  const openDirectory = async (domain: DirectoryDomain) =>
    life.own(`database:${domain}`, await openDatabase<DirectoryDomain>(domain, options), close);
  const directories: Directories = await Promise.all(
    DIRECTORY_DOMAINS.filter((domain) => config.RELAY_DOMAINS.includes(domain)).map(openDirectory),
  );
  const watches = await Promise.all(
    config.RELAY_DOMAINS.map(async (domain) => {
      const watched = await watchShards({ env, domain, first: firstMap(policies.shards.current, domain), pooler, log });
      return { domain, watch: life.own(`shards:${domain}`, watched, close) };
    }),
  );
  const outboxes = watches.map(({ domain, watch }) => {
    const reader = life.own(`outbox:${domain}`, openOutboxReader({ domain, urls: watch.urls, pooler, log }), close);
    watch.onChange(reader.use);
    return reader;
  });
  /** As of now: shards may join. */
  const partitionedShards = (): PartitionedShard[] =>
    watches
      .filter(({ domain }) => partitionedTables(domain).length > 0)
      .flatMap(({ domain, watch }) =>
        Object.entries(watch.urls).map(([shard, urls]): PartitionedShard => {
          const url = directOf(urls).primary;
          const maintain: PartitionedShard['maintain'] = (now, signal) =>
            maintainPartitions({ domain, url, policy: partitions.current, now, signal });
          return { domain, shard, maintain };
        }),
      );
  const router = createModelRouter({ policy: models, env });
  const clock = systemClock;
  return {
    config,
    log,
    metrics,
    keys,
    clock,
    models,
    publisher,
    queue,
    worker,
    subscriber,
    database,
    directories,
    outboxes,
    partitionedShards,
    router,
  };
}

export type Resources = Awaited<ReturnType<typeof openResources>>;
