/**
 * Moves what the databases committed to where it is read: one loop per domain and shard.
 *
 * Woken by a notification of the commit, and once a second in case one was lost. Several workers run the same loops; the
 * reader's lock lets one at a time send, so that the order per key holds. While Redis is away rows stay where they are
 * and the loop backs off with jitter. At least once: consumers drop an id they have seen.
 */
import { backOffMs, type Logger, type Metrics, type Redis, sleep } from '@lyceum/service-kit';
import type { OutboxReader } from '../resources.ts';
import { MessageRefused, type OutboxPublisher } from './outbox-publisher.ts';

export interface OutboxRelays {
  /** Resolves when every row of the key that was committed before the call is out. Throws the signal's reason. */
  flush(domain: string, shard: string, key: string, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface OutboxRelayOptions {
  readonly readers: readonly OutboxReader[];
  /** One per loop: it remembers what it has tried. */
  readonly createPublisher: (domain: string, shard: string) => OutboxPublisher;
  /** Of role `publisher`; no row is locked while it is not ready. */
  readonly redis: Redis;
  readonly log: Logger;
  readonly metrics: Metrics;
}

const SWEEP_MS = 1_000;
const BACK_OFF = { baseMs: 50, maxMs: 5_000 };
/** One bad message must not hold the others up for long. */
const REFUSED_MS = 150;
const BATCH = 200;
/** Another worker holds the lock: it will not for long. */
const BUSY_MS = 5;

export function startOutboxRelays(options: OutboxRelayOptions): OutboxRelays {
  const published = options.metrics.counter({
    name: 'outbox_published_total',
    help: 'Outbox messages that left a database.',
    labelNames: ['domain', 'shard'],
  });
  const failures = options.metrics.counter({
    name: 'outbox_failures_total',
    help: 'Batches that could not be sent and are tried again.',
    labelNames: ['domain', 'shard'],
  });

  const loops = new Map<string, RelayLoop>();
  for (const reader of options.readers) {
    for (const shard of reader.shards) {
      const labels = { domain: reader.domain, shard };
      const loop = new RelayLoop({
        reader,
        shard,
        publisher: options.createPublisher(reader.domain, shard),
        redis: options.redis,
        log: options.log.child(labels),
        onPublished: (count) => published.inc(labels, count),
        onFailure: () => failures.inc(labels),
      });
      loops.set(`${reader.domain}/${shard}`, loop);
    }
    reader.listen((shard) => loops.get(`${reader.domain}/${shard}`)?.wake());
  }

  return {
    async flush(domain, shard, key, signal) {
      const loop = loops.get(`${domain}/${shard}`);
      if (!loop) throw new Error(`No relay serves ${domain}/${shard}.`);
      await loop.flush(key, signal);
    },
    async stop() {
      await Promise.all([...loops.values()].map((loop) => loop.stop()));
    },
  };
}

interface LoopOptions {
  readonly reader: OutboxReader;
  readonly shard: string;
  readonly publisher: OutboxPublisher;
  readonly redis: Redis;
  readonly log: Logger;
  readonly onPublished: (count: number) => void;
  readonly onFailure: () => void;
}

class RelayLoop {
  readonly #o: LoopOptions;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #alarm = new AbortController();
  #failures = 0;

  constructor(options: LoopOptions) {
    this.#o = options;
    this.#running = this.#run();
  }

  /** Cuts a wait short; while backing off it does nothing, or each commit would be a blow at a Redis that is down. */
  wake(): void {
    if (this.#failures === 0) this.#alarm.abort();
  }

  async flush(key: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      if ((await this.#o.reader.waiting(this.#o.shard, key)) === 0) return;
      this.wake();
      await sleep(BUSY_MS, signal);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#alarm.abort();
    await this.#running;
    // What was committed while draining should not have to wait for the next worker.
    if (this.#failures === 0) await this.#pass();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#alarm = new AbortController();
      const waitMs = await this.#pass();
      if (waitMs > 0) await sleep(waitMs, AbortSignal.any([this.#alarm.signal, this.#stopping.signal]));
    }
  }

  /** Sends one batch. Returns how long to wait before the next. */
  async #pass(): Promise<number> {
    const { reader, shard, publisher, redis } = this.#o;
    try {
      if (redis.status !== 'ready') throw new Error(`The connection to Redis is ${redis.status}`);
      const { published, busy } = await reader.drain(shard, (rows, at) => publisher.publish(rows, at), {
        limit: BATCH,
      });
      if (this.#failures > 0) this.#o.log.info({ failures: this.#failures }, 'outbox is moving again');
      this.#failures = 0;
      if (published > 0) this.#o.onPublished(published);
      if (busy) return BUSY_MS;
      return published === BATCH ? 0 : SWEEP_MS;
    } catch (err) {
      this.#failures += 1;
      this.#o.onFailure();
      if (this.#failures === 1) this.#o.log.warn({ err }, 'outbox is stuck, trying again');
      if (err instanceof MessageRefused) return REFUSED_MS;
      return 10 + backOffMs(this.#failures, BACK_OFF);
    }
  }
}
