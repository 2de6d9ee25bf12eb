/**
 * Refuses more than 30 signals of one person at one topic within ten seconds: more than hands can do, few enough for those
 * who listen.
 */
import { type Logger, LyceumError, type Redis, type RedisKeys } from '@lyceum/service-kit';

const signalsMax = 30;
const windowSeconds = 10;

export function createSignalLimiter(limiter: Redis, keys: RedisKeys, log: Logger) {
  return {
    /** Throws RATE_LIMITED. While Redis is away nothing is counted, and no signal gets anywhere. */
    async count(viewerId: string, topic: string): Promise<void> {
      const key = keys.limit('signal', `${viewerId}:${topic}`);
      const results = await limiter
        .multi()
        .incr(key)
        .expire(key, windowSeconds, 'NX')
        .exec()
        .catch((err: unknown) => log.debug({ err }, 'signals are not limited while redis is away'));
      const count = Number(results?.[0]?.[1] ?? 0);
      if (count > signalsMax) {
        throw new LyceumError(
          'RATE_LIMITED',
          `Too many signals. Send at most ${signalsMax} in ${windowSeconds} seconds.`,
        );
      }
    },
  };
}

export type SignalLimiter = ReturnType<typeof createSignalLimiter>;
