/**
 * Everything this process holds open, opened here and closed in reverse.
 */
import { openDatabase, openDatabasePolicies } from '@lyceum/database';
import {
  closeRedis,
  connectRedis,
  createMetrics,
  createRedisKeys,
  type Environment,
  type Lifecycle,
  type Logger,
  systemClock,
} from '@lyceum/service-kit';
import type { CoursesEnv } from './config.ts';

export interface ResourceOptions {
  readonly env: CoursesEnv;
  /** Where the URLs of the databases are read from. */
  readonly source: Environment;
  readonly log: Logger;
  readonly life: Lifecycle;
}

export async function openResources({ env, source, log, life }: ResourceOptions) {
  const metrics = createMetrics('courses');
  const keys = createRedisKeys(env.REDIS_PREFIX);
  const cache = life.own('redis:cache', await connectRedis(env.REDIS_URL, 'cache', { log }), closeRedis);
  const policies = await openDatabasePolicies({ folder: env.CONFIG_DIR, env: source, life, log });
  const opening = openDatabase('courses', { ...policies, process: 'courses', redis: cache, keys, log, metrics });
  const database = life.own('database', await opening, (courses) => courses.close());
  return { claimsSecret: env.CLAIMS_SECRET, metrics, database, clock: systemClock, log };
}

export type Resources = Awaited<ReturnType<typeof openResources>>;
