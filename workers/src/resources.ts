/**
 * Everything a worker holds open, opened here and closed in reverse.
 */
import { join } from 'node:path';
import {
  firstMap,
  type MaintainedTable,
  maintainPartitions,
  openDatabase,
  openOutboxReader,
  PartitionsPolicy,
  partitionedTables,
  readDatabaseUrls,
  ShardsPolicy,
  shardsOf,
} from '@lyceum/database';
import { Lines } from '@lyceum/database/shards';
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
export type { OutboxReader, OutboxRow } from '@lyceum/database';

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
  const shards = life.own('shards', await openPolicy(policyFile('shards.yaml'), ShardsPolicy, { log }), close);
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
  const options = { env, shards, redis: null, keys, log, metrics };
  const database = life.own('database', await openDatabase('ai', options), close);
  const outboxes = config.RELAY_DOMAINS.map((domain) => {
    const urls = readDatabaseUrls(env, domain, shardsOf(shards.current, domain));
    return life.own(`outbox:${domain}`, openOutboxReader({ domain, urls, log }), close);
  });
  /** Those of the newest map: shards may join. */
  const partitionedShards = async (): Promise<PartitionedShard[]> => {
    const found: PartitionedShard[] = [];
    for (const domain of config.RELAY_DOMAINS.filter((name) => partitionedTables(name).length > 0)) {
      const lines = new Lines({ env, domain, first: firstMap(shards.current, domain) });
      try {
        await lines.refresh();
        for (const shard of lines.names) {
          const url = lines.urlsOf(shard).primary;
          const maintain: PartitionedShard['maintain'] = (now, signal) =>
            maintainPartitions({ domain, url, policy: partitions.current, now, signal });
          found.push({ domain, shard, maintain });
        }
      } finally {
        await lines.close();
      }
    }
    return found;
  };
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
    outboxes,
    partitionedShards,
    router,
  };
}

export type Resources = Awaited<ReturnType<typeof openResources>>;
