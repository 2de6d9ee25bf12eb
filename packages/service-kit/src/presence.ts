/**
 * How the presence of people lies in Redis: for each person a sorted set of the gateways that hold a socket of theirs, by
 * the time in milliseconds until which that counts. The person is online until the latest of these times.
 *
 * A gateway says so again and again, and is forgotten if it does not. The last socket's end counts for a few seconds more,
 * so that a page that loads anew is no coming and going. The set is the truth; on the channel of the same name those who
 * watch are told the time whenever it begins to run, or runs out sooner.
 */
import type { Redis } from 'ioredis';
import type { RedisKeys } from './redis-keys.ts';

/** A gateway that has not said a word for so long has died. */
export const PRESENCE_LIFE_MS = 45_000;
/** Between the last socket's end and being offline. */
export const PRESENCE_GRACE_MS = 5_000;
/** How long it is known when somebody was last seen. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1_000;
/** The member that stands for sockets that have ended. */
const LEFT = 'left';
/** In one call of a script: Redis does nothing else meanwhile. */
const BATCH = 200;

/** KEYS: sets, also channels. ARGV: now, gateway, until, time to keep. */
const ARRIVE = `
for _, key in ipairs(KEYS) do
  local isOnline = redis.call('ZCOUNT', key, '(' .. ARGV[1], '+inf') > 0
  redis.call('ZREMRANGEBYSCORE', key, '-inf', ARGV[1])
  redis.call('ZADD', key, ARGV[3], ARGV[2])
  redis.call('PEXPIRE', key, ARGV[4])
  if not isOnline then redis.call('PUBLISH', key, ARGV[3]) end
end`;

/** KEYS: sets, also channels. ARGV: now, gateway, until, time to keep, the member of those who left. */
const LEAVE = `
for _, key in ipairs(KEYS) do
  if redis.call('ZREM', key, ARGV[2]) == 1 then
    redis.call('ZADD', key, 'GT', ARGV[3], ARGV[5])
    redis.call('PEXPIRE', key, ARGV[4])
    redis.call('PUBLISH', key, redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2])
  end
end`;

export interface Presence {
  readonly isOnline: boolean;
  /** Null if not known. */
  readonly lastSeenAt: Date | null;
  /** Until when the person is online, if nothing is heard; null for those who are not. */
  readonly until: Date | null;
}

export interface PresenceReport {
  /** Names the gateway's process. */
  readonly gateway: string;
  /** Who has a socket there now. */
  readonly present: readonly string[];
  /** Who had one when this gateway last reported, and has none now. */
  readonly gone: readonly string[];
}

/** One round trip, however many people. Throws if Redis did not take it all: report it again. */
export async function reportPresence(
  redis: Redis,
  keys: RedisKeys,
  { gateway, present, gone }: PresenceReport,
  now: Date,
): Promise<void> {
  const pipeline = redis.pipeline();
  const add = (script: string, userIds: readonly string[], lifeMs: number) => {
    for (let at = 0; at < userIds.length; at += BATCH) {
      const sets = userIds.slice(at, at + BATCH).map((id) => keys.presence(id));
      const until = now.getTime() + lifeMs;
      pipeline.eval(script, sets.length, ...sets, ...[now.getTime(), gateway, until, KEPT_MS, LEFT].map(String));
    }
  };
  add(ARRIVE, present, PRESENCE_LIFE_MS);
  add(LEAVE, gone, PRESENCE_GRACE_MS);
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
}

/** One round trip, however many people. In the order of the ids. */
export async function readPresence(
  redis: Redis,
  keys: RedisKeys,
  userIds: readonly string[],
  now: Date,
): Promise<Presence[]> {
  const pipeline = redis.pipeline();
  for (const id of userIds) pipeline.zrange(keys.presence(id), 0, '-1', 'WITHSCORES');
  return ((await pipeline.exec()) ?? []).map(([error, members]) => {
    if (error) throw error;
    return presenceOf(members as string[], now);
  });
}

/** What a message on a person's channel says at the time at which it comes. */
export function parsePresence(message: string, now: Date): Presence {
  const until = new Date(Number(message));
  const isOnline = until > now;
  return { isOnline, lastSeenAt: now, until: isOnline ? until : null };
}

/** `members` are names, each followed by its time, the latest last. */
function presenceOf(members: readonly string[], now: Date): Presence {
  const until = new Date(Number(members.at(-1) ?? 0));
  const seen: number[] = [];
  for (let at = 0; at < members.length; at += 2) {
    seen.push(Number(members[at + 1]) - (members[at] === LEFT ? PRESENCE_GRACE_MS : PRESENCE_LIFE_MS));
  }
  const isOnline = until > now;
  return { isOnline, lastSeenAt: seen.length > 0 ? new Date(Math.max(...seen)) : null, until: isOnline ? until : null };
}
