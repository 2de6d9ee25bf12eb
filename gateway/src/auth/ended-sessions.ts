/**
 * The sessions that have ended while access tokens of them were still good: known to every gateway within moments.
 *
 * A wake-up names a session that ends; after an outage of Redis, and once a minute, all that have ended are read. While Redis
 * is away, and without Redis, tokens are good until they expire.
 */
import {
  type Clock,
  isForgotten,
  type Logger,
  type Redis,
  type RedisKeys,
  readEndedSessions,
  systemClock,
} from '@lyceum/service-kit';

export interface EndedSessions {
  has(sessionId: string): boolean;
  /** Calls `end` when the session ends, if it does. Returns the way to forget about it. */
  watch(sessionId: string, end: () => void): () => void;
  close(): void;
}

/** For a gateway without Redis. */
export const NO_ENDED_SESSIONS: EndedSessions = { has: () => false, watch: () => () => {}, close() {} };

const RETRY_MS = 1_000;
const EVERY_MS = 60_000;

export function createEndedSessions(options: {
  /** Of role `cache`. */
  readonly redis: Redis;
  readonly subscriber: Redis;
  readonly keys: RedisKeys;
  readonly log: Logger;
  readonly clock?: Clock;
}): EndedSessions {
  const { redis, subscriber, keys, log, clock = systemClock } = options;
  const channel = keys.endedSessions();
  const ended = new Map<string, Date>();
  const watchers = new Map<string, Set<() => void>>();
  let isClosed = false;

  function add(sessionId: string, at: Date): void {
    if (ended.has(sessionId)) return;
    ended.set(sessionId, at);
    for (const end of watchers.get(sessionId) ?? []) end();
  }
  function onMessage(from: string, sessionId: string): void {
    if (from === channel) add(sessionId, clock.now());
  }
  async function readAll(): Promise<void> {
    try {
      for (const [sessionId, at] of await readEndedSessions(redis, keys, clock.now())) add(sessionId, at);
    } catch (err) {
      log.debug({ err }, 'ended sessions cannot be read, trying again');
      if (!isClosed) retry.refresh();
    }
  }
  // Behind the SUBSCRIBE that ioredis repeats: once it is answered, wake-ups arrive again.
  const onSubscriberReady = () => void subscriber.ping().then(readAll, () => {});

  subscriber.subscribe(channel).then(readAll, () => {});
  subscriber.on('message', onMessage);
  subscriber.on('ready', onSubscriberReady);
  redis.on('ready', readAll);
  const retry = setTimeout(readAll, RETRY_MS);
  // Reads as well, in case a wake-up was lost on a line that broke without a word.
  const pruning = setInterval(() => {
    for (const [sessionId, at] of ended) if (isForgotten(at, clock.now())) ended.delete(sessionId);
    void readAll();
  }, EVERY_MS);

  return {
    has: (sessionId) => ended.has(sessionId),
    watch(sessionId, end) {
      const known = watchers.get(sessionId) ?? new Set();
      watchers.set(sessionId, known.add(end));
      return () => {
        known.delete(end);
        if (known.size === 0 && watchers.get(sessionId) === known) watchers.delete(sessionId);
      };
    },
    close() {
      isClosed = true;
      clearInterval(pruning);
      clearTimeout(retry);
      subscriber.off('message', onMessage);
      subscriber.off('ready', onSubscriberReady);
      redis.off('ready', readAll);
    },
  };
}
