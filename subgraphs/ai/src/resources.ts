/**
 * Everything this process holds open, opened here and closed in reverse.
 */
import path from 'node:path';
import { BUCKETS, type Database, newId, openDatabase, openDatabasePolicies } from '@lyceum/database';
import { ModelsPolicy } from '@lyceum/models';
import {
  type Clock,
  closeRedis,
  connectRedis,
  createMetrics,
  createRedisKeys,
  type Environment,
  type Lifecycle,
  type Logger,
  openPolicy,
  type RedisRole,
  systemClock,
} from '@lyceum/service-kit';
import { openLiveTopics } from '@lyceum/subgraph-kit';
import type { AiEnv } from './config.ts';

export interface ResourceOptions {
  readonly env: AiEnv;
  /** Where the URLs of the databases are read from. */
  readonly source: Environment;
  readonly log: Logger;
  readonly life: Lifecycle;
  readonly clock?: Clock;
}

export async function openResources({ env, source, log, life, clock = systemClock }: ResourceOptions) {
  const metrics = createMetrics('ai');
  const keys = createRedisKeys(env.REDIS_PREFIX);
  const redis = async (role: RedisRole) =>
    life.own(`redis:${role}`, await connectRedis(env.REDIS_URL, role, { log }), closeRedis);
  const [cache, subscriber] = await Promise.all([redis('cache'), redis('subscriber')]);
  const modelsFile = path.join(env.CONFIG_DIR, 'models.yaml');
  const models = life.own('policy:models', await openPolicy(modelsFile, ModelsPolicy, { log }), (p) => p.close());
  const policies = await openDatabasePolicies({ folder: env.CONFIG_DIR, env: source, life, log });
  const opening = openDatabase('ai', { ...policies, process: 'ai', redis: cache, keys, log, metrics });
  const database = life.own('database', await opening, (ai) => ai.close());
  const topics = life.own('live topics', openLiveTopics({ subscriber, reader: cache, keys, log }), (t) => t.close());
  return {
    claimsSecret: env.CLAIMS_SECRET,
    gatewayUrl: env.GATEWAY_URL,
    metrics,
    keys,
    cache,
    /** How many tokens a learner may use in a day. */
    models,
    database,
    idOnEveryShard: () => idOnEveryShard(database),
    topics,
    clock,
    log,
  };
}

export type Resources = Awaited<ReturnType<typeof openResources>>;
/** One request's view of the database. Services begin transactions with it; statements are the repositories'. */
export type Session = ReturnType<Resources['database']['session']>;

/** New ids that are nobody's, one for each shard. */
function idOnEveryShard(database: Database<'ai'>): Iterable<string> {
  const ids = new Map<string, string>();
  for (let bucket = 0; ids.size < database.shards.length && bucket < BUCKETS; bucket += 1) {
    const id = newId(bucket);
    ids.set(database.shardOf(id), id);
  }
  return ids.values();
}
