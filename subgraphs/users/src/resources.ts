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
import type { UsersEnv } from './config.ts';
import { openChannels } from './ephemeral/channels.ts';
import { openPresenceWatch } from './presence/presence-watch.ts';
import { readSigningKey } from './sessions/signing-key.ts';

export interface ResourceOptions {
  readonly env: UsersEnv;
  /** Where the URLs of the databases are read from. */
  readonly source: Environment;
  readonly log: Logger;
  readonly life: Lifecycle;
  readonly clock?: Clock;
}

export async function openResources({ env, source, log, life, clock = systemClock }: ResourceOptions) {
  const signingKey = await readSigningKey(env.AUTH_PRIVATE_KEY_FILE);
  const metrics = createMetrics('users');
  const keys = createRedisKeys(env.REDIS_PREFIX);
  const redis = async (role: RedisRole) =>
    life.own(`redis:${role}`, await connectRedis(env.REDIS_URL, role, { log }), closeRedis);
  const [cache, limiter, subscriber, courseCompleted, aiJobFinished] = await Promise.all([
    redis('cache'),
    redis('limiter'),
    redis('subscriber'),
    redis('worker'),
    redis('worker'),
  ]);
  const policies = await openDatabasePolicies({ folder: env.CONFIG_DIR, env: source, life, log });
  const opening = openDatabase('users', { ...policies, process: 'users', redis: cache, keys, log, metrics });
  const database = life.own('database', await opening, (users) => users.close());
  const topics = life.own('live topics', openLiveTopics({ subscriber, reader: cache, keys, log }), (t) => t.close());
  const channels = life.own('channels', openChannels(subscriber), (c) => c.close());
  const presence = life.own(
    'presence',
    openPresenceWatch({ channels, subscriber, reader: cache, keys, clock, log }),
    (p) => p.close(),
  );
  return {
    claimsSecret: env.CLAIMS_SECRET,
    signingKey,
    metrics,
    keys,
    cache,
    limiter,
    /** Each used by one consumer alone: their reads block. */
    consumers: { courseCompleted, aiJobFinished },
    /** The same after a restart, so that a process finishes what it had begun. */
    consumerName: `${hostname()}-${env.PORT}`,
    database,
    topics,
    channels,
    presence,
    clock,
    log,
  };
}

export type Resources = Awaited<ReturnType<typeof openResources>>;
