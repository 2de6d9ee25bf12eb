/**
 * How an event lies in Redis: one stream entry with the field `e`, the envelope as JSON, and a wake-up on the channel of the
 * same name. That of a live event holds the entry, and the id of the one before: who stands there need not read the stream.
 * The stream is the truth; a lost wake-up only delays.
 *
 * Live streams: about 2,000 entries, gone 24 h after the last. Log streams: about 100,000 entries, no age.
 */
import { type Delivery, type EventDefinition, EventEnvelope, type PayloadOf } from '@lyceum/contracts';
import type { Redis } from 'ioredis';
import type { RedisKeys } from './redis-keys.ts';

const LIVE = { entries: 2_000, seconds: 24 * 60 * 60 };
/** Every entry of a live stream is kept at least so long after the last, unless too many follow it. */
export const LIVE_STREAM_LIFE_MS = LIVE.seconds * 1_000;
const LOG = { entries: 100_000, seconds: 0 };

/**
 * KEYS: the stream, also the channel. ARGV: envelope, entries to keep, seconds to live or 0 for a log. Returns the entry's id.
 */
const PUBLISH = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'e', ARGV[1])
if ARGV[3] == '0' then
  redis.call('PUBLISH', KEYS[1], id)
else
  redis.call('EXPIRE', KEYS[1], ARGV[3])
  redis.call('PUBLISH', KEYS[1], id .. ' ' .. (last and last[1] or '-') .. ' ' .. ARGV[1])
end
return id`;

/** What a wake-up of a live event tells. */
export interface WakeUp {
  readonly entry: string;
  /** The entry that was the stream's last before; `-` if there was none. */
  readonly previous: string;
  readonly fields: readonly string[];
}

/** Undefined for a wake-up that tells nothing. */
export function parseWakeUp(text: string): WakeUp | undefined {
  const first = text.indexOf(' ');
  const second = text.indexOf(' ', first + 1);
  if (first < 0 || second < 0) return undefined;
  return {
    entry: text.slice(0, first),
    previous: text.slice(first + 1, second),
    fields: ['e', text.slice(second + 1)],
  };
}

/**
 * Appends and wakes in one step. Returns the stream entry's id. Calls for one key must be made one after the other:
 * their order is the order of the stream. A failed call may have been executed; repeat it, consumers drop the double.
 */
export async function publishEnvelope(
  redis: Redis,
  keys: RedisKeys,
  envelope: EventEnvelope,
  delivery: Delivery,
): Promise<string> {
  const stream = delivery === 'live' ? keys.liveStream(envelope.name, envelope.key) : keys.logStream(envelope.name);
  const bounds = delivery === 'live' ? LIVE : LOG;
  const id = await redis.eval(PUBLISH, 1, stream, JSON.stringify(envelope), bounds.entries, bounds.seconds);
  return String(id);
}

/** Parses a stream entry's fields. Throws if it is no envelope of this event in this version. */
export function parseEntry<E extends EventDefinition>(
  event: E,
  fields: readonly string[],
): EventEnvelope<PayloadOf<E>> {
  const at = fields.indexOf('e');
  const text = at === -1 ? undefined : fields[at + 1];
  if (text === undefined) throw new Error(`An entry of ${event.name} has no field e`);
  const envelope = EventEnvelope.parse(JSON.parse(text));
  if (envelope.name !== event.name || envelope.version !== event.version) {
    throw new Error(
      `Expected ${event.name} version ${event.version}, found ${envelope.name} version ${envelope.version}`,
    );
  }
  return { ...envelope, payload: event.payload.parse(envelope.payload) as PayloadOf<E> };
}
