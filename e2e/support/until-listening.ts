/**
 * Waits until a subscription has reached Redis: what happens from then on must arrive.
 */
import type { EventDefinition } from '@lyceum/contracts';
import { closeRedis, connectRedis, createLogger, createRedisKeys } from '@lyceum/service-kit';
import { eventually } from '@lyceum/testing';

/** `env` is the tenant's: it names Redis and the tenant's key space. */
export async function untilListening(
  env: Readonly<Record<string, string>>,
  event: EventDefinition,
  key: string,
): Promise<void> {
  const redis = await connectRedis(env.REDIS_URL!, 'cache', { log: createLogger('e2e') });
  const channel = createRedisKeys(env.REDIS_PREFIX!).liveStream(event.name, key);
  try {
    await eventually(async () => {
      const [, subscribers] = (await redis.pubsub('NUMSUB', channel)) as [string, number];
      return Number(subscribers) > 0;
    });
  } finally {
    await closeRedis(redis);
  }
}
