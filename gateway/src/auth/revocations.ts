/**
 * Access tokens that are refused before they expire, known to every gateway within moments: those of sessions that have
 * ended, and those that name roles which their person no longer has.
 *
 * A wake-up names each as it comes; after an outage of Redis, and once a minute, all are read. While Redis is away, and
 * without Redis, tokens are good until they expire.
 */
import type { Viewer } from '@lyceum/contracts';
import {
  type Clock,
  isForgotten,
  type Logger,
  parseRevocation,
  type Redis,
  type RedisKeys,
  type Revocation,
  readRevocations,
  systemClock,
} from '@lyceum/service-kit';

export interface Revocations {
  /** Why the viewer's token is refused; undefined if it is not. */
  against(viewer: Viewer): string | undefined;
  /** Calls `end` when the viewer's token is refused from now on, if it ever is. Returns the way to forget about it. */
  watch(viewer: Viewer, end: (reason: string) => void): () => void;
  close(): void;
}

/** For a gateway without Redis. */
export const NO_REVOCATIONS: Revocations = { against: () => undefined, watch: () => () => {}, close() {} };

const ENDED = 'The session has ended. Sign in again.';
const OTHER_ROLES = 'The roles have changed. Refresh the session.';
const RETRY_MS = 1_000;
const EVERY_MS = 60_000;

interface Watcher {
  readonly viewer: Viewer;
  readonly end: (reason: string) => void;
}

export function createRevocations(options: {
  /** Of role `cache`. */
  readonly redis: Redis;
  readonly subscriber: Redis;
  readonly keys: RedisKeys;
  readonly log: Logger;
  readonly clock?: Clock;
}): Revocations {
  const { redis, subscriber, keys, log, clock = systemClock } = options;
  const channel = keys.revocations();
  /** By session. */
  const ended = new Map<string, Date>();
  /** By person. */
  const rolesOf = new Map<string, { readonly roles: Viewer['roles']; readonly at: Date }>();
  /** By session and by person. */
  const watchers = new Map<string, Set<Watcher>>();
  let isClosed = false;

  function against({ id, sessionId, roles }: Viewer): string | undefined {
    if (ended.has(sessionId)) return ENDED;
    const known = rolesOf.get(id);
    return known && !isSame(known.roles, roles) ? OTHER_ROLES : undefined;
  }

  function add(revocation: Revocation, at: Date): void {
    if ('sessionId' in revocation) {
      if (ended.has(revocation.sessionId)) return;
      ended.set(revocation.sessionId, at);
      tell(revocation.sessionId);
    } else {
      const { userId, roles } = revocation;
      const known = rolesOf.get(userId);
      if (known && known.at > at) return;
      rolesOf.set(userId, { roles, at });
      tell(userId);
    }
  }

  function tell(key: string): void {
    for (const { viewer, end } of [...(watchers.get(key) ?? [])]) {
      const reason = against(viewer);
      if (reason !== undefined) end(reason);
    }
  }

  function onMessage(from: string, text: string): void {
    if (from === channel) add(parseRevocation(text), clock.now());
  }

  async function readAll(): Promise<void> {
    try {
      for (const [revocation, at] of await readRevocations(redis, keys, clock.now())) add(revocation, at);
    } catch (err) {
      log.debug({ err }, 'revocations cannot be read, trying again');
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
    const now = clock.now();
    for (const [sessionId, at] of ended) if (isForgotten(at, now)) ended.delete(sessionId);
    for (const [userId, { at }] of rolesOf) if (isForgotten(at, now)) rolesOf.delete(userId);
    void readAll();
  }, EVERY_MS);

  return {
    against,
    watch(viewer, end) {
      const watcher = { viewer, end };
      const places = [viewer.sessionId, viewer.id];
      for (const key of places) watchers.set(key, (watchers.get(key) ?? new Set()).add(watcher));
      return () => {
        for (const key of places) {
          const known = watchers.get(key);
          known?.delete(watcher);
          if (known?.size === 0) watchers.delete(key);
        }
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

function isSame(one: Viewer['roles'], other: Viewer['roles']): boolean {
  return one.length === other.length && one.every((role) => other.includes(role));
}
