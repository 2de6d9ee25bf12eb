/**
 * Loads who is online, however many fields ask: one round trip to Redis, and none to a database.
 */
import { type Clock, type Logger, type Presence, type Redis, type RedisKeys, readPresence } from '@lyceum/service-kit';
import { createLoader } from '@lyceum/subgraph-kit';

export function createPresenceLoaders(options: { redis: Redis; keys: RedisKeys; clock: Clock; log: Logger }) {
  const { redis, keys, clock, log } = options;
  return {
    /** Null while Redis is away: then nobody knows. */
    presenceByUser: createLoader<string, Presence>('presenceByUser', async (userIds) => {
      try {
        return await readPresence(redis, keys, userIds, clock.now());
      } catch (err) {
        log.debug({ err }, 'presence cannot be read');
        return userIds.map(() => null);
      }
    }),
  };
}

export type PresenceLoaders = ReturnType<typeof createPresenceLoaders>;
