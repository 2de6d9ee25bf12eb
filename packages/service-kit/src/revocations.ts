/**
 * Access tokens that are refused before they expire: those of a session that has ended, and those that name roles which their
 * person no longer has.
 *
 * In Redis: a sorted set by time, in milliseconds, and a wake-up on the channel of the same name that carries the new member.
 * The set is the truth; who missed a wake-up reads it. A revocation is kept for as long as a token of before may be good.
 */
import { ACCESS_TOKEN_LIFE_SECONDS, type Viewer } from '@lyceum/contracts';
import type { Redis } from 'ioredis';
import type { RedisKeys } from './redis-keys.ts';

export type Revocation =
  | { readonly sessionId: string }
  /** Tokens of this person with other roles than these are refused. */
  | { readonly userId: string; readonly roles: Viewer['roles'] };

/** A minute more than an access token lives: clocks may differ. */
const KEPT_MS = (ACCESS_TOKEN_LIFE_SECONDS + 60) * 1_000;

/** KEYS: the set, also the channel. ARGV: member, now, time to keep. A member that is there keeps its time unless `isLatest`. */
const revokeScript = (isLatest: boolean) => `
redis.call('ZADD', KEYS[1], ${isLatest ? '' : "'NX', "}ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2] - ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', KEYS[1], ARGV[1])`;

/** KEYS beside: the session's refresh state. Returns 1 if the session had not ended. */
const END_SESSION = `${revokeScript(false)}
return redis.call('DEL', KEYS[2])`;
const CHANGE_ROLES = revokeScript(true);

/** Every gateway on this Redis refuses its access tokens from now on, and no refresh token brings it back. False if it had ended. */
export async function endSession(redis: Redis, keys: RedisKeys, sessionId: string, at: Date): Promise<boolean> {
  const [set, refresh] = [keys.revocations(), keys.refresh(sessionId)];
  return (await redis.eval(END_SESSION, 2, set, refresh, write({ sessionId }), at.getTime(), KEPT_MS)) === 1;
}

/** Every gateway on this Redis refuses access tokens of this person that name other roles, until they are refreshed. */
export async function revokeOtherRoles(
  redis: Redis,
  keys: RedisKeys,
  person: { readonly userId: string; readonly roles: Viewer['roles'] },
  at: Date,
): Promise<void> {
  await redis.eval(CHANGE_ROLES, 1, keys.revocations(), write(person), at.getTime(), KEPT_MS);
}

/** Those that there may still be access tokens for, each with its time; of a person's roles the latest. */
export async function readRevocations(
  redis: Redis,
  keys: RedisKeys,
  now: Date,
): Promise<(readonly [Revocation, Date])[]> {
  const since = now.getTime() - KEPT_MS;
  const entries = await redis.zrangebyscore(keys.revocations(), since, '+inf', 'WITHSCORES');
  const revocations = new Map<string, readonly [Revocation, Date]>();
  for (let at = 0; at < entries.length; at += 2) {
    const revocation = parseRevocation(entries[at]!);
    const subject = 'sessionId' in revocation ? revocation.sessionId : revocation.userId;
    revocations.set(subject, [revocation, new Date(Number(entries[at + 1]))]);
  }
  return [...revocations.values()];
}

/** The text of a wake-up. */
export function parseRevocation(text: string): Revocation {
  const [sessionOrUser = '', roles] = text.split(' ');
  if (roles === undefined) return { sessionId: sessionOrUser };
  return { userId: sessionOrUser, roles: (roles === '' ? [] : roles.split(',')) as unknown as Viewer['roles'] };
}

/** Whether no access token of before then can be good any more. */
export function isForgotten(at: Date, now: Date): boolean {
  return at.getTime() < now.getTime() - KEPT_MS;
}

function write(revocation: Revocation): string {
  if ('sessionId' in revocation) return revocation.sessionId;
  return `${revocation.userId} ${[...revocation.roles].sort().join(',')}`;
}
