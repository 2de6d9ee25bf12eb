/**
 * Moves what the databases committed to where it is read: one loop per domain and shard, in each worker.
 *
 * Woken by a notification of the commit, and once a second for what was left: by a worker that died, or by a notification
 * that was lost. Workers share a database by its lanes: who sends from a lane holds it locked, so that the order per key
 * holds. At least once: consumers drop an id they have seen.
 */
import { type Logger, type Metrics, type Redis, sleep } from '@lyceum/service-kit';
import type { OutboxReader } from '../resources.ts';
import { createOutboxMetrics } from './outbox.metrics.ts';
import type { OutboxPublisher } from './outbox-publisher.ts';
import { RelayLoop } from './relay-loop.ts';

export interface OutboxRelays {
  /**
   * Resolves when no message of this name and key that was committed before the call waits any more. Throws the signal's
   * reason.
   */
  flush(place: OutboxPlace, name: string, key: string, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface OutboxPlace {
  readonly domain: string;
  readonly shard: string;
}

export interface OutboxRelayOptions {
  readonly readers: readonly OutboxReader[];
  readonly publisher: OutboxPublisher;
  /** Of role `publisher`; no lane is locked while it is not ready. */
  readonly redis: Redis;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Another worker may hold the lane, and will not for long; a message that is refused is tried for seconds. */
const LOOK = { firstMs: 5, maxMs: 200 };

export function startOutboxRelays({ readers, publisher, redis, log, metrics }: OutboxRelayOptions): OutboxRelays {
  const counters = createOutboxMetrics(metrics, readers, log);
  const loops = new Map<string, RelayLoop>();
  const stopping = new Set<Promise<void>>();

  const start = (reader: OutboxReader, shard: string) => {
    const labels = { domain: reader.domain, shard };
    return new RelayLoop({
      reader,
      shard,
      publisher,
      redis,
      log: log.child(labels),
      onPublished: (count) => counters.published.inc(labels, count),
      onFailure: () => counters.failures.inc(labels),
      onDead: (count) => counters.dead.inc(labels, count),
    });
  };
  const stop = (place: string, loop: RelayLoop) => {
    loops.delete(place);
    const stopped = loop.stop().then(() => void stopping.delete(stopped));
    stopping.add(stopped);
  };
  /** A loop for each shard that is there. */
  const follow = (reader: OutboxReader) => {
    const places = new Map(reader.shards.map((shard) => [`${reader.domain}/${shard}`, shard]));
    for (const [place, shard] of places) if (!loops.has(place)) loops.set(place, start(reader, shard));
    for (const [place, loop] of loops) {
      if (place.startsWith(`${reader.domain}/`) && !places.has(place)) stop(place, loop);
    }
  };
  for (const reader of readers) {
    follow(reader);
    reader.onShards(() => follow(reader));
    reader.listen((shard) => loops.get(`${reader.domain}/${shard}`)?.wake());
  }

  return {
    async flush({ domain, shard }, name, key, signal) {
      const reader = readers.find((each) => each.domain === domain);
      const loop = loops.get(`${domain}/${shard}`);
      if (!reader || !loop) throw new Error(`No relay serves ${domain}/${shard}.`);
      for (let lookMs = LOOK.firstMs; ; lookMs = Math.min(2 * lookMs, LOOK.maxMs)) {
        signal.throwIfAborted();
        if (!(await reader.holds(shard, name, key))) return;
        loop.wake();
        await sleep(lookMs, signal);
      }
    },
    async stop() {
      for (const [place, loop] of loops) stop(place, loop);
      await Promise.all(stopping);
    },
  };
}
