/**
 * Everything this process holds open, opened here and closed in reverse.
 */
import { hostname } from 'node:os';
import { openDatabase, openDatabasePolicies } from '@lyceum/database';
import {
  type Clock,
  closeRedis,
  connectRedis,
  createMetrics,
  createRedisKeys,
  type Environment,
  type Lifecycle,
  type Logger,
  type RedisRole,
  systemClock,
} from '@lyceum/service-kit';
import { openLiveTopics } from '@lyceum/subgraph-kit';
import type { ProgressEnv } from './config.ts';

export interface ResourceOptions {
  readonly env: ProgressEnv;
  /** Where the URLs of the databases are read from. */
  readonly source: Environment;
  readonly log: Logger;
  readonly life: Lifecycle;
  readonly clock?: Clock;
}

export async function openResources({ env, source, log, life, clock = systemClock }: ResourceOptions) {
  const metrics = createMetrics('progress');
  const keys = createRedisKeys(env.REDIS_PREFIX);
  const redis = async (role: RedisRole) =>
    life.own(`redis:${role}`, await connectRedis(env.REDIS_URL, role, { log }), closeRedis);
  const [cache, subscriber, consumer, pointsConsumer] = await Promise.all([
    redis('cache'),
    redis('subscriber'),
    redis('worker'),
    redis('worker'),
  ]);
  const policies = await openDatabasePolicies({ folder: env.CONFIG_DIR, env: source, life, log });
  const opening = openDatabase('progress', { ...policies, process: 'progress', redis: cache, keys, log, metrics });
  const database = life.own('database', await opening, (progress) => progress.close());
  const topics = life.own('live topics', openLiveTopics({ subscriber, reader: cache, keys, log }), (t) => t.close());
  return {
    claimsSecret: env.CLAIMS_SECRET,
    metrics,
    keys,
    cache,
    /** Used by the outline consumer alone: its reads block. */
    consumer,
    /** Used by the points consumer alone. */
    pointsConsumer,
    /** The same after a restart, so that a process finishes what it had begun. */
    consumerName: `${hostname()}-${env.PORT}`,
    database,
    topics,
    clock,
    log,
  };
}

export type Resources = Awaited<ReturnType<typeof openResources>>;
/** One request's view of the database. Services begin transactions with it; statements are the repositories'. */
export type Session = ReturnType<Resources['database']['session']>;
