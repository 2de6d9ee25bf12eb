/**
 * Opens the stack's Redis for one piece of work.
 */
import {
  checkRedis,
  closeRedis,
  connectRedis,
  createLogger,
  createRedisKeys,
  type Redis,
  type RedisKeys,
} from '@lyceum/service-kit';
import type { Environment } from '../config.ts';
import { Failure, reasonOf } from '../failure.ts';

const WAIT_MS = 3_000;

export async function withRedis<T>(
  variables: Environment,
  work: (redis: Redis, keys: RedisKeys) => Promise<T>,
): Promise<T> {
  const { REDIS_URL: url, REDIS_PREFIX: prefix } = variables;
  if (!url) throw new Failure('REDIS_URL is not set: supergraphs are published through Redis.');
  const log = createLogger('cli', { level: 'silent' });
  const redis = await connectRedis(url, 'publisher', { log, waitMs: WAIT_MS });
  try {
    await checkRedis(redis).catch((error: unknown) => {
      throw new Failure(`Redis does not answer (${reasonOf(error)}). Is the stack running?`);
    });
    return await work(redis, createRedisKeys(prefix || 'lyceum'));
  } finally {
    await closeRedis(redis);
  }
}
