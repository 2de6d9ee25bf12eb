/**
 * Looks at Redis: whether it answers, and whether it would ever throw queued work away.
 */
import { checkRedis, closeRedis, connectRedis, createLogger } from '@lyceum/service-kit';
import { type Finding, finding } from './finding.ts';

const WAIT_MS = 5_000;

export function examineRedis(url: string | undefined): Promise<Finding> {
  return finding('Redis', async () => {
    if (!url) throw new Error('REDIS_URL is not set');
    const redis = await connectRedis(url, 'publisher', {
      log: createLogger('cli', { level: 'silent' }),
      waitMs: WAIT_MS,
    });
    try {
      await checkRedis(redis, WAIT_MS);
      const info = await redis.info();
      const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'unknown';
      if (policy !== 'noeviction') {
        throw new Error(`maxmemory-policy is ${policy}, which may drop queued jobs and events: set it to noeviction`);
      }
      return `Redis ${/^redis_version:(\S+)/m.exec(info)?.[1] ?? ''}`.trim();
    } finally {
      await closeRedis(redis);
    }
  });
}
