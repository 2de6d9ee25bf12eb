/**
 * Counts attempts to sign in or up by e-mail address, and refuses more after ten failures within 15 minutes.
 *
 * By address alone, so that an attacker with many machines gains nothing; the price is that an attacker can keep a
 * person out for a quarter of an hour. An unknown address is counted like a known one, and so tells nothing.
 */
import { createHash } from 'node:crypto';
import { type Logger, LyceumError, type Redis, type RedisKeys } from '@lyceum/service-kit';

const failuresMax = 10;
const windowSeconds = 15 * 60;

export type AttemptKind = 'sign-in' | 'sign-up';

export function createAttemptLimiter(limiter: Redis, keys: RedisKeys, log: Logger) {
  /** Addresses are not kept in Redis in clear text. */
  const keyOf = (kind: AttemptKind, email: string) =>
    keys.limit(kind, createHash('sha256').update(email).digest('base64url'));

  /** Null while Redis is away: the limit is then not kept, rather than everybody locked out. */
  async function whileUp<T>(command: () => Promise<T>): Promise<T | null> {
    try {
      return await command();
    } catch (err) {
      log.warn({ err }, 'attempts are not limited while redis is away');
      return null;
    }
  }

  return {
    /** Counted before the attempt is made, so that many at once count too. Throws RATE_LIMITED. */
    async begin(kind: AttemptKind, email: string): Promise<void> {
      const key = keyOf(kind, email);
      const results = await whileUp(() => limiter.multi().incr(key).expire(key, windowSeconds, 'NX').exec());
      const count = Number(results?.[0]?.[1] ?? 0);
      if (count > failuresMax) throw new LyceumError('RATE_LIMITED', 'Too many attempts. Try again in 15 minutes.');
    },

    /** Forgets the failures before. */
    async succeed(kind: AttemptKind, email: string): Promise<void> {
      await whileUp(() => limiter.del(keyOf(kind, email)));
    },
  };
}

export type AttemptLimiter = ReturnType<typeof createAttemptLimiter>;
