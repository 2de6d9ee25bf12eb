/**
 * Opens Redis connections by role: the role, not the caller, decides what happens while Redis is away.
 *
 * - `cache`, `limiter`: fail at once and never wait long; the caller has an answer without Redis.
 * - `publisher`, `queue`: fail soon; the caller still holds what it wanted to send (an outbox row).
 * - `subscriber`: waits and subscribes again by itself; what was missed is read from streams.
 * - `worker`: waits for ever, because blocking reads span outages.
 */
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from './logger.ts';
import { backOffMs, withTimeout } from './retry.ts';

export type { Redis } from 'ioredis';
export type RedisRole = 'cache' | 'publisher' | 'subscriber' | 'queue' | 'worker' | 'limiter';

const ROLES: Record<RedisRole, RedisOptions> = {
  cache: { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 500 },
  limiter: { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 250 },
  publisher: { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 5_000 },
  queue: { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 5_000 },
  subscriber: { maxRetriesPerRequest: null, autoResubscribe: true },
  worker: { maxRetriesPerRequest: null },
};

const FIRST_CONNECT_MS = 5_000;
const RECONNECT = { baseMs: 50, maxMs: 2_000 };

/**
 * Resolves once connected, or after `waitMs` (5 s) without: a service starts degraded when Redis is away, and readiness says so.
 * Reconnects for ever with jitter. Logs one line when an outage begins and one when it ends.
 */
export async function connectRedis(
  url: string,
  role: RedisRole,
  { log, waitMs = FIRST_CONNECT_MS }: { log: Logger; waitMs?: number },
): Promise<Redis> {
  // Connects by itself, and so does a duplicate, as BullMQ makes one for its blocking reads: a lazy one that is told to
  // connect gives up for good if its first try fails.
  const redis = new Redis(url, {
    ...ROLES[role],
    connectTimeout: 5_000,
    connectionName: `lyceum-${role}`,
    retryStrategy: (times) => Math.ceil(10 + backOffMs(times, RECONNECT)),
    // After a failover the old primary answers READONLY: connect anew to find the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  logOutages(redis, log.child({ redisRole: role }));
  const ready = new Promise<void>((resolve) => redis.once('ready', () => resolve()));
  await withTimeout(ready, waitMs, `connecting to Redis as ${role}`).catch(() => {});
  return redis;
}

/** Says goodbye if Redis listens within 1 s, hangs up otherwise. Never throws; fine on a closed connection. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'ready') await withTimeout(redis.quit(), 1_000, 'quitting Redis').catch(() => {});
  redis.disconnect();
}

/** Throws when Redis does not answer within `ms`. For readiness checks, whatever the role. */
export async function checkRedis(redis: Redis, ms = 1_000): Promise<void> {
  if (redis.status !== 'ready') throw new Error(`Redis connection is ${redis.status}`);
  await withTimeout(redis.ping(), ms, 'pinging Redis');
}

function logOutages(redis: Redis, log: Logger): void {
  let since: number | undefined;
  const begin = (err?: Error) => {
    if (since !== undefined) return;
    since = Date.now();
    log.error({ err }, 'redis connection lost');
  };
  redis.on('error', begin);
  redis.on('reconnecting', () => begin());
  redis.on('ready', () => {
    if (since !== undefined) log.info({ outageMs: Date.now() - since }, 'redis connection restored');
    since = undefined;
  });
}
