/**
 * Everything this process holds open, opened here and closed in reverse.
 */
import path from 'node:path';
import { openDatabase, ShardsPolicy } from '@lyceum/database';
import {
  closeRedis,
  connectRedis,
  createMetrics,
  createRedisKeys,
  type Environment,
  type Lifecycle,
  type Logger,
  openPolicy,
  systemClock,
} from '@lyceum/service-kit';
import type { UsersEnv } from './config.ts';
import { readSigningKey } from './sessions/signing-key.ts';

export interface ResourceOptions {
  readonly env: UsersEnv;
  /** Where the URLs of the databases are read from. */
  readonly source: Environment;
  readonly log: Logger;
  readonly life: Lifecycle;
}

export async function openResources({ env, source, log, life }: ResourceOptions) {
  const signingKey = await readSigningKey(env.AUTH_PRIVATE_KEY_FILE);
  const metrics = createMetrics('users');
  const keys = createRedisKeys(env.REDIS_PREFIX);
  const cache = life.own('redis:cache', await connectRedis(env.REDIS_URL, 'cache', { log }), closeRedis);
  const limiter = life.own('redis:limiter', await connectRedis(env.REDIS_URL, 'limiter', { log }), closeRedis);
  const shardsFile = path.join(env.CONFIG_DIR, 'shards.yaml');
  const shards = life.own('policy:shards', await openPolicy(shardsFile, ShardsPolicy, { log }), (p) => p.close());
  const opening = openDatabase('users', { env: source, shards, redis: cache, keys, log, metrics });
  const database = life.own('database', await opening, (users) => users.close());
  return {
    claimsSecret: env.CLAIMS_SECRET,
    signingKey,
    metrics,
    keys,
    cache,
    limiter,
    database,
    clock: systemClock,
    log,
  };
}

export type Resources = Awaited<ReturnType<typeof openResources>>;
