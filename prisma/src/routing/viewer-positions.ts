/**
 * What a viewer has written, kept in Redis for a minute so that the next request, in whatever process, reads it.
 *
 * A position never moves back: of two requests that end at once the later position stays.
 */
import { type Redis, type RedisKeys, withTimeout } from '@lyceum/service-kit';
import { type Position, toPosition } from './position.ts';

const SECONDS_TO_LIVE = 60;
const TIMEOUT_MS = 250;

/** KEYS: the viewer's hash. ARGV: seconds to live, then fields and padded positions (which compare as text). */
const ADVANCE = `
for at = 2, #ARGV, 2 do
  local current = redis.call('HGET', KEYS[1], ARGV[at])
  if not current or current < ARGV[at + 1] then redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) end
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1`;

export interface ViewerPositions {
  /** By `domain/shard`. Null: unknown, because Redis did not answer. */
  load(viewerId: string): Promise<ReadonlyMap<string, Position> | null>;
  /** False if it could not be kept. Never throws. */
  advance(viewerId: string, positions: Readonly<Record<string, Position>>): Promise<boolean>;
}

/** Without Redis nothing is known of other requests, so that every session read goes to a primary. */
export function createViewerPositions(redis: Redis | null, keys: RedisKeys): ViewerPositions {
  if (!redis) return { load: async () => null, advance: async () => false };
  return {
    async load(viewerId) {
      try {
        const found = await withTimeout(redis.hgetall(keys.positions(viewerId)), TIMEOUT_MS, 'reading positions');
        return new Map(Object.entries(found).map(([place, text]) => [place, toPosition(text)]));
      } catch {
        return null;
      }
    },
    async advance(viewerId, positions) {
      try {
        const key = keys.positions(viewerId);
        const call = redis.eval(ADVANCE, 1, key, SECONDS_TO_LIVE, ...Object.entries(positions).flat());
        await withTimeout(call, TIMEOUT_MS, 'keeping a position');
        return true;
      } catch {
        return false;
      }
    },
  };
}
