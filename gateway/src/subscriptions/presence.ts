/**
 * Tells Redis which people have a socket here: who comes and goes at once, and everybody again every 15 s, so that the
 * people of a gateway that dies are known to be gone (service-kit's presence.ts).
 *
 * However many sockets come and go, Redis is told in one round trip at a time. While it is away nobody waits: who is here is
 * told when it is back, and who has gone meanwhile is forgotten by it.
 */
import { randomUUID } from 'node:crypto';
import {
  backOffMs,
  type Clock,
  type Logger,
  type Redis,
  type RedisKeys,
  reportPresence,
  systemClock,
} from '@lyceum/service-kit';

export interface Presence {
  /** For each socket of a signed-in person. Returns what to call once it has ended; a second call does nothing. */
  arrived(viewerId: string): () => void;
  /** Everybody leaves. */
  close(): Promise<void>;
}

/** For a gateway without Redis. */
export const NO_PRESENCE: Presence = { arrived: () => () => {}, async close() {} };

const TICK_MS = 100;
const BEAT_MS = 15_000;
const RETRY = { baseMs: 200, maxMs: 5_000 };

export function createPresence(options: {
  /** Of role `cache`. */
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly log: Logger;
  readonly clock?: Clock;
}): Presence {
  const { redis, keys, log, clock = systemClock } = options;
  const gateway = randomUUID();
  /** How many sockets each person has here. */
  const sockets = new Map<string, number>();
  /** Who has come or gone since Redis was told. */
  let changed = new Set<string>();
  let beatAt = clock.now().getTime();
  let running: Promise<void> | undefined;
  let failures = 0;
  let pausedUntil = 0;

  async function report(viewerIds: ReadonlySet<string>): Promise<void> {
    const [present, gone]: [string[], string[]] = [[], []];
    for (const id of viewerIds) (sockets.has(id) ? present : gone).push(id);
    try {
      await reportPresence(redis, keys, { gateway, present, gone }, clock.now());
      failures = 0;
    } catch (err) {
      failures += 1;
      pausedUntil = performance.now() + backOffMs(failures, RETRY);
      log.debug({ err, people: viewerIds.size }, 'presence could not be told, trying again');
      // Those who have gone, too: what was told of them may have counted.
      for (const id of viewerIds) changed.add(id);
    }
  }

  function tick(): void {
    if (running !== undefined || redis.status !== 'ready' || performance.now() < pausedUntil) return;
    const now = clock.now().getTime();
    const isBeat = now - beatAt >= BEAT_MS;
    if (isBeat) beatAt = now;
    if (!isBeat && changed.size === 0) return;
    const viewerIds = isBeat ? new Set([...sockets.keys(), ...changed]) : changed;
    changed = new Set();
    running = report(viewerIds).finally(() => {
      running = undefined;
    });
  }
  const ticking = setInterval(tick, TICK_MS);

  return {
    arrived(viewerId) {
      const before = sockets.get(viewerId) ?? 0;
      sockets.set(viewerId, before + 1);
      if (before === 0) changed.add(viewerId);
      let isHere = true;
      return () => {
        if (!isHere) return;
        isHere = false;
        const left = (sockets.get(viewerId) ?? 1) - 1;
        if (left > 0) return void sockets.set(viewerId, left);
        sockets.delete(viewerId);
        changed.add(viewerId);
      };
    },
    async close() {
      clearInterval(ticking);
      await running;
      const viewerIds = new Set([...sockets.keys(), ...changed]);
      sockets.clear();
      if (redis.status === 'ready') await report(viewerIds);
    },
  };
}
