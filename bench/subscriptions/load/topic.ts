/**
 * One ordering key: who publishes stamps each event, and whoever hears it learns how long it took.
 *
 * Publisher and clients are one process, so there is one clock, and nothing need be written into the event.
 */
import { publishEnvelope, type Redis } from '@lyceum/service-kit';
import { Changed, changeOf, redisKeys } from '../topics.ts';

/** Events that may be on their way at the same time. */
const REMEMBERED = 512;

export class Topic {
  readonly key: string;
  /** Of the last event that was published. */
  sequence = 0;
  readonly #stamps = new Float64Array(REMEMBERED);

  constructor(key: string) {
    this.key = key;
  }

  /** Appends to the topic's stream and rings, as the relay does. The event counts as committed when this is called. */
  publish(redis: Redis): Promise<unknown> {
    this.sequence += 1;
    const envelope = changeOf(this.key, this.sequence);
    this.#stamps[this.sequence % REMEMBERED] = performance.now();
    return publishEnvelope(redis, redisKeys, envelope, Changed.delivery);
  }

  /** Milliseconds since the event was committed; Infinity if that is too long ago to be known. */
  ageOf(sequence: number): number {
    if (sequence <= this.sequence - REMEMBERED) return Number.POSITIVE_INFINITY;
    return performance.now() - (this.#stamps[sequence % REMEMBERED] as number);
  }
}
