/**
 * One client of large events, which reads or does not.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from '@lyceum/service-kit';
import { large } from '../graph/operations.ts';
import { pace } from './pace.ts';
import { Subscriber } from './subscriber.ts';
import { Topic } from './topic.ts';

export interface SlowReaderEnd {
  readonly published: number;
  /** Up to the moment at which it read again, if it had stopped. */
  readonly heard: number;
  /** Null if the gateway kept it. */
  readonly closedWith: number | null;
}

const LIVE_MS = 10_000;
const CLOSE_MS = 3_000;
/** More than the system keeps for two sockets, some 10 MB, and much more than a gateway should. */
const FLOOD = { events: 400, seconds: 2 };

export class SlowReader {
  readonly #topic = new Topic(randomUUID());
  readonly #redis: Redis;
  readonly #subscriber: Subscriber;

  constructor(redis: Redis, port: number, token: string | null) {
    this.#redis = redis;
    this.#subscriber = new Subscriber({
      ...{ port, topic: this.#topic, params: large(this.#topic.key), token },
      onEvent: () => {},
      onFailure: () => {},
    });
  }

  async open(): Promise<void> {
    await this.#subscriber.acknowledged;
    for (const end = performance.now() + LIVE_MS; this.#subscriber.heard === 0; await sleep(100)) {
      if (performance.now() > end) throw new Error('the reader of large events hears nothing');
      this.publish();
    }
  }

  publish(): void {
    this.#topic.publish(this.#redis).catch(() => {});
  }

  /** From here on it reads nothing, if so asked; it is sent as much either way. */
  async flood(reads: boolean): Promise<void> {
    if (!reads) this.#subscriber.socket.pause();
    await pace(FLOOD.events / FLOOD.seconds, FLOOD.seconds, () => this.publish());
    await sleep(500);
  }

  /** Reads what there is, so as to see how the gateway parted. */
  async end(): Promise<SlowReaderEnd> {
    const { heard, socket } = this.#subscriber;
    const { sequence } = this.#topic;
    if (socket.isPaused()) {
      socket.resume();
      // A gateway that hangs up resets the connection, which is no failure here.
      await Promise.race([new Promise((resolve) => socket.once('close', resolve)), sleep(CLOSE_MS)]);
    }
    const { closedWith } = this.#subscriber;
    socket.destroy();
    return { published: sequence, heard, closedWith };
  }
}
