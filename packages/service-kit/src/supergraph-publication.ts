/**
 * How a published supergraph lies in Redis: one hash with its text, version and time, and a wake-up on the channel of the
 * same name that carries the version. The hash is the truth; a lost wake-up only delays.
 */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { LyceumError } from './errors.ts';
import type { RedisKeys } from './redis-keys.ts';

export interface SupergraphPublication {
  readonly sdl: string;
  readonly version: string;
  readonly publishedAt: Date;
}

/** Names this text wherever it is spoken of: in logs, metrics, health and publications. */
export function supergraphVersion(sdl: string): string {
  return createHash('sha256').update(sdl).digest('hex').slice(0, 12);
}

/** Every gateway on this Redis takes it, if it loads there. Returns its version. */
export async function publishSupergraph(redis: Redis, keys: RedisKeys, sdl: string, at: Date): Promise<string> {
  const key = keys.supergraph();
  const version = supergraphVersion(sdl);
  await runAll(
    redis.multi().del(key).hset(key, { sdl, version, publishedAt: at.toISOString() }).publish(key, version).exec(),
  );
  return version;
}

/** Gateways go back to what they have without it. False if there was nothing. */
export async function withdrawSupergraph(redis: Redis, keys: RedisKeys): Promise<boolean> {
  const key = keys.supergraph();
  const [[, removed] = []] = await runAll(redis.multi().del(key).publish(key, '').exec());
  return removed === 1;
}

/** Null if nothing is published. Throws PAYLOAD_TOO_LARGE, unread, if the text has more than `maxBytes`. */
export async function readSupergraphPublication(
  redis: Redis,
  keys: RedisKeys,
  maxBytes: number,
): Promise<SupergraphPublication | null> {
  const key = keys.supergraph();
  if ((await redis.hstrlen(key, 'sdl')) > maxBytes) {
    throw new LyceumError('PAYLOAD_TOO_LARGE', `The published supergraph has more than ${maxBytes} bytes.`);
  }
  const [sdl, version, publishedAt] = await redis.hmget(key, 'sdl', 'version', 'publishedAt');
  if (typeof sdl !== 'string' || typeof version !== 'string' || typeof publishedAt !== 'string') return null;
  return { sdl, version, publishedAt: new Date(publishedAt) };
}

/** The version alone, for who may have the text already. Null if nothing is published. */
export async function publishedSupergraphVersion(redis: Redis, keys: RedisKeys): Promise<string | null> {
  return await redis.hget(keys.supergraph(), 'version');
}

type Replies = readonly [error: Error | null, reply: unknown][];

async function runAll(running: Promise<Replies | null>): Promise<Replies> {
  const replies = (await running) ?? [];
  for (const [error] of replies) if (error) throw error;
  return replies;
}
