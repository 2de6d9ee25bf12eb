/**
 * The loop of one outbox: drains it until nothing is due, then waits to be woken.
 *
 * While Redis or the database is away messages stay where they are, and the loop backs off with jitter.
 */
import { backOffMs, type Logger, type Redis, sleep } from '@lyceum/service-kit';
import type { OutboxReader } from '../resources.ts';
import type { OutboxPublisher } from './outbox-publisher.ts';

export interface RelayLoopOptions {
  readonly reader: OutboxReader;
  readonly shard: string;
  readonly publisher: OutboxPublisher;
  readonly redis: Redis;
  readonly log: Logger;
  readonly onPublished: (count: number) => void;
  /** A batch could not be sent as a whole and is tried again. */
  readonly onFailure: () => void;
  readonly onDead: (count: number) => void;
}

const SWEEP_MS = 1_000;
const BACK_OFF = { baseMs: 50, maxMs: 5_000 };
/** A worker that ends leaves the rest to the others. */
const LAST_BATCHES = 8;

export class RelayLoop {
  readonly #o: RelayLoopOptions;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #alarm = new AbortController();
  #failures = 0;

  constructor(options: RelayLoopOptions) {
    this.#o = options;
    this.#running = this.#run();
  }

  /** Cuts a wait short; while backing off it does nothing, or each commit would be a blow at a Redis that is down. */
  wake(): void {
    if (this.#failures === 0) this.#alarm.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#alarm.abort();
    await this.#running;
    // What was committed while draining should not have to wait for the next worker.
    for (let left = LAST_BATCHES; left > 0 && this.#failures === 0; left -= 1) {
      if ((await this.#pass()) > 0) return;
    }
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
    const { reader, shard, publisher, redis, log } = this.#o;
    try {
      if (redis.status !== 'ready') throw new Error(`The connection to Redis is ${redis.status}`);
      const { claimed, outcome, dead } = await reader.drain(shard, publisher.publish);
      if (outcome && outcome.sent.length > 0) this.#o.onPublished(outcome.sent.length);
      if (outcome && outcome.refused.length > 0) {
        this.#o.onFailure();
        log.warn(
          { refused: outcome.refused.length, reason: outcome.refused[0]!.reason },
          'outbox messages were refused',
        );
      }
      if (dead.length > 0) this.#o.onDead(dead.length);
      for (const { id: messageId, ...about } of dead) {
        log.error({ messageId, ...about }, 'outbox message moved to the dead letters');
      }
      if (outcome?.interruption !== undefined) throw outcome.interruption;
      if (this.#failures > 0) log.info({ failures: this.#failures }, 'outbox is moving again');
      this.#failures = 0;
      return claimed ? 0 : SWEEP_MS;
    } catch (err) {
      this.#failures += 1;
      this.#o.onFailure();
      if (this.#failures === 1) log.warn({ err }, 'outbox is stuck, trying again');
      return 10 + backOffMs(this.#failures, BACK_OFF);
    }
  }
}
