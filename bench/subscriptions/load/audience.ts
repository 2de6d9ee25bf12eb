/**
 * All the clients of a measurement, and what is published to them.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from '@lyceum/service-kit';
import { own, shared } from '../graph/operations.ts';
import { SHOP } from '../topics.ts';
import { pace } from './pace.ts';
import { Subscriber } from './subscriber.ts';
import { Topic } from './topic.ts';

export interface AudienceOptions {
  readonly port: number;
  readonly sockets: number;
  /** All subscribe to the same, or everyone to something else. */
  readonly shares: boolean;
  /** One for each socket; empty for a gateway that asks for none. */
  readonly tokens: readonly string[];
}

export interface Heard {
  readonly published: number;
  /** Until the last was heard. */
  readonly seconds: number;
  /** Events times subscribers. */
  readonly frames: number;
  readonly lost: number;
  readonly repeated: number;
  readonly failures: number;
  readonly failure: string | null;
  readonly p50: number;
  readonly p99: number;
}

const OPENING_AT_A_TIME = 100;
/** Every subscription must have heard an event by then. */
const LIVE_MS = 90_000;
/** What was published before a subscription stood is published again. */
const TRY_AGAIN_MS = 3_000;
const WAKING_AT_A_TIME = 50;
const LOOK_MS = 5;
/** What is under way when publishing ends must have come by then. */
const DRAIN_MS = 10_000;

export class Audience {
  readonly topics: readonly Topic[];
  readonly #redis: Redis;
  #subscribers: Subscriber[] = [];
  #latencies: number[] = [];
  #failures = 0;
  #failure: string | null = null;
  #frames = 0;
  #onFrame: (sequence: number) => void = () => {};
  #closing = false;
  /** The first event that came, as text. */
  sample: string | null = null;

  constructor(redis: Redis, { sockets, shares }: AudienceOptions) {
    this.#redis = redis;
    this.topics = shares ? [new Topic(SHOP)] : Array.from({ length: sockets }, () => new Topic(randomUUID()));
  }

  /** Resolves when every socket has heard an event: until then nobody can tell whether its subscription stands. */
  async open({ port, sockets, shares, tokens }: AudienceOptions): Promise<void> {
    const openOne = async (index: number) => {
      const topic = this.topics[index % this.topics.length] as Topic;
      const subscriber = new Subscriber({
        ...{ port, topic, params: shares ? shared : own(topic.key), token: tokens[index] ?? null },
        onEvent: (sequence, message) => {
          this.#latencies.push(topic.ageOf(sequence));
          this.#frames += 1;
          this.sample ??= message.toString();
          this.#onFrame(sequence);
        },
        onFailure: (reason) => this.fail(reason),
      });
      this.#subscribers.push(subscriber);
      await subscriber.acknowledged;
    };
    for (let index = 0; index < sockets; ) {
      const turn = Array.from({ length: Math.min(OPENING_AT_A_TIME, sockets - index) }, () => openOne(index++));
      await Promise.all(turn);
    }
    const deaf = () => this.#subscribers.filter(({ heard }) => heard === 0);
    for (const end = performance.now() + LIVE_MS; deaf().length > 0; ) {
      if (performance.now() > end) throw new Error(`${deaf().length} of ${sockets} subscriptions hear nothing`);
      await this.#wake([...new Set(deaf().map(({ topic }) => topic))]);
      if (this.#failure !== null) throw new Error(this.#failure);
    }
    for (const subscriber of this.#subscribers) [subscriber.missed, subscriber.repeated] = [0, 0];
  }

  /** An event for each, as fast as they are heard: nobody shall be flooded before anything is measured. */
  async #wake(topics: readonly Topic[]): Promise<void> {
    const before = this.#frames;
    for (const [turn, topic] of topics.entries()) {
      const isFree = () => this.#frames - before > turn - WAKING_AT_A_TIME || this.#failure !== null;
      if (!(await until(isFree, TRY_AGAIN_MS))) return;
      this.publish(topic);
    }
    await this.#untilHeard(TRY_AGAIN_MS);
  }

  /** A steady stream, each event to the next topic. `beside` is called with each. */
  async measure(perSecond: number, seconds: number, beside: (turn: number) => void): Promise<Heard> {
    return await this.#count(async () => {
      // All are met in turn, and neighbours not one after the other.
      const stride = 7_919;
      await pace(perSecond, seconds, (turn) => {
        this.publish(this.topics[(turn * stride) % this.topics.length]);
        beside(turn);
      });
    });
  }

  /** As fast as they are heard: never more than so many events that somebody has not heard. */
  async fanOut(seconds: number, atATime: number): Promise<Heard> {
    const topic = this.topics[0] as Topic;
    return await this.#count(async () => {
      const end = performance.now() + seconds * 1_000;
      const missing = new Map<number, number>();
      const next = () => {
        if (performance.now() >= end) return;
        this.publish(topic);
        missing.set(topic.sequence, this.#subscribers.length);
      };
      this.#onFrame = (sequence) => {
        const left = (missing.get(sequence) ?? 0) - 1;
        missing.set(sequence, left);
        if (left > 0) return;
        missing.delete(sequence);
        next();
      };
      for (let event = 0; event < atATime; event += 1) next();
      await sleep(seconds * 1_000);
      this.#onFrame = () => {};
    });
  }

  publish(topic: Topic | undefined): void {
    topic?.publish(this.#redis).catch((error: unknown) => this.fail(`publishing failed: ${error}`));
  }

  fail(reason: string): void {
    if (this.#closing) return;
    this.#failures += 1;
    this.#failure ??= reason;
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const { socket } of this.#subscribers) socket.destroy();
    this.#subscribers = [];
  }

  async #count(work: () => Promise<void>): Promise<Heard> {
    // A gateway that is still behind by then cannot keep up: what is told is that, and no latency.
    const isReady = await this.#untilHeard(DRAIN_MS);
    const started = performance.now() - (isReady ? 0 : DRAIN_MS);
    this.#latencies = [];
    this.#frames = 0;
    const [missed, repeated, published] = [this.#sum('missed'), this.#sum('repeated'), this.#published()];
    if (isReady) await work();
    if (isReady) await this.#untilHeard(DRAIN_MS);
    const unheard = this.#subscribers.reduce((sum, { topic, heard }) => sum + topic.sequence - heard, 0);
    const sorted = Float64Array.from(this.#latencies).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Infinity;
    return {
      published: this.#published() - published,
      seconds: (performance.now() - started) / 1_000,
      frames: this.#frames,
      lost: unheard + this.#sum('missed') - missed,
      repeated: this.#sum('repeated') - repeated,
      failures: this.#failures,
      failure: this.#failure,
      p50: at(0.5),
      p99: at(0.99),
    };
  }

  #published(): number {
    return this.topics.reduce((sum, { sequence }) => sum + sequence, 0);
  }

  #sum(of: 'missed' | 'repeated'): number {
    return this.#subscribers.reduce((sum, subscriber) => sum + subscriber[of], 0);
  }

  /** False if that took too long. */
  async #untilHeard(limitMs: number): Promise<boolean> {
    return await until(() => this.#subscribers.every(({ topic, heard }) => heard >= topic.sequence), limitMs);
  }
}

/** False if that took too long. */
async function until(condition: () => boolean, limitMs: number): Promise<boolean> {
  for (const end = performance.now() + limitMs; !condition(); await sleep(LOOK_MS)) {
    if (performance.now() > end) return false;
  }
  return true;
}
