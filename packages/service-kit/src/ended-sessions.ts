/**
 * How the end of a session lies in Redis: a sorted set of session ids by the time of their end, in milliseconds, and a
 * wake-up on the channel of the same name that carries the id. The set is the truth; who missed a wake-up reads it.
 *
 * A session is kept for as long as an access token of it may still be good. After that it is forgotten.
 */
import { ACCESS_TOKEN_LIFE_SECONDS } from '@lyceum/contracts';
import type { Redis } from 'ioredis';
import type { RedisKeys } from './redis-keys.ts';

/** A minute more than an access token lives: clocks may differ. */
const KEPT_MS = (ACCESS_TOKEN_LIFE_SECONDS + 60) * 1_000;

/** KEYS: the set, also the channel; the session's refresh state. ARGV: session id, now, time to keep. Returns 1 if it had not ended. */
const END = `
redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2] - ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', KEYS[1], ARGV[1])
return redis.call('DEL', KEYS[2])`;

/** Every gateway on this Redis refuses its access tokens from now on, and no refresh token brings it back. False if it had ended. */
export async function endSession(redis: Redis, keys: RedisKeys, sessionId: string, at: Date): Promise<boolean> {
  const [ended, refresh] = [keys.endedSessions(), keys.refresh(sessionId)];
  return (await redis.eval(END, 2, ended, refresh, sessionId, at.getTime(), KEPT_MS)) === 1;
}

/** The sessions that have ended and may still have access tokens, by the time of their end. */
export async function readEndedSessions(redis: Redis, keys: RedisKeys, now: Date): Promise<Map<string, Date>> {
  const since = now.getTime() - KEPT_MS;
  const entries = await redis.zrangebyscore(keys.endedSessions(), since, '+inf', 'WITHSCORES');
  const ended = new Map<string, Date>();
  for (let at = 0; at < entries.length; at += 2) ended.set(entries[at]!, new Date(Number(entries[at + 1])));
  return ended;
}

/** Whether no access token of a session that ended then can be good any more. */
export function isForgotten(endedAt: Date, now: Date): boolean {
  return endedAt.getTime() < now.getTime() - KEPT_MS;
}
