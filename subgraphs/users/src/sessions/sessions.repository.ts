/**
 * Sessions in Redis: one hash each, which lives as long as its newest refresh token.
 *
 * While Redis is away nobody signs in or refreshes (SERVICE_UNAVAILABLE); access tokens that are out go on working. Those of
 * a session that has ended are refused by every gateway.
 */
import { readFileSync } from 'node:fs';
import { type Clock, endSession, LyceumError, type Redis, type RedisKeys } from '@lyceum/service-kit';
import { digest, type RefreshToken } from './refresh-tokens.ts';

const rotateScript = readFileSync(new URL('./rotate-refresh-token.lua', import.meta.url), 'utf8');

export type Rotation = 'rotated' | 'reused' | 'unknown';

export function createSessionsRepository(redis: Redis, keys: RedisKeys, clock: Clock) {
  async function required<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (cause) {
      throw new LyceumError('SERVICE_UNAVAILABLE', undefined, undefined, { cause });
    }
  }

  const end = (sessionId: string) => required(() => endSession(redis, keys, sessionId, clock.now()));

  return {
    /** Throws SERVICE_UNAVAILABLE if sessions cannot be written now. */
    async ensureAvailable(): Promise<void> {
      await required(() => redis.ping());
    },

    async create(token: RefreshToken, userId: string, lifeMs: number): Promise<void> {
      const key = keys.refresh(token.sessionId);
      const session = { userId, family: digest(token.family), current: digest(token.secret) };
      await required(async () => {
        for (const [error] of (await redis.multi().hset(key, session).pexpire(key, lifeMs).exec()) ?? []) {
          if (error) throw error;
        }
      });
    },

    /** Whose session the token belongs to, be it the newest token or an older one. Null for a stranger's. */
    async ownerOf(token: RefreshToken): Promise<string | null> {
      const key = keys.refresh(token.sessionId);
      const [userId, family] = await required(() => redis.hmget(key, 'userId', 'family'));
      return userId && family === digest(token.family) ? userId : null;
    },

    /** Atomic: of several that show one token exactly one gets 'rotated'. A token that was used before ends its session. */
    async rotate(token: RefreshToken, next: RefreshToken, lifeMs: number): Promise<Rotation> {
      const digests = [digest(token.family), digest(token.secret), digest(next.secret)];
      const result = await required(() =>
        redis.eval(rotateScript, 1, keys.refresh(token.sessionId), ...digests, lifeMs),
      );
      if (result === 'reused') await end(token.sessionId);
      return result as Rotation;
    },

    /** True if there was one. */
    end,
  };
}

export type SessionsRepository = ReturnType<typeof createSessionsRepository>;
