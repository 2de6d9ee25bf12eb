/**
 * Live events of one ordering key, for GraphQL subscriptions: none is lost, none waits in memory.
 *
 * The Redis stream is the queue and the subscriber pulls from it in bounded batches. Pub/sub says when to look, and who stands at
 * the end of the stream finds the next entry in the wake-up itself. A wake-up that is lost delays an event until the next look, seconds later. All look at once when a connection is back.
 */
import type { EventDefinition, EventEnvelope, PayloadOf } from '@lyceum/contracts';
import {
  backOffMs,
  isLyceumError,
  type Logger,
  parseEntry,
  parseWakeUp,
  type RedisKeys,
  type WakeUp,
} from '@lyceum/service-kit';
import { RedisPubSub } from 'graphql-redis-subscriptions';
import type { Redis } from 'ioredis';
import { stoppable } from './iterators.ts';
import type { Resume } from './resume.ts';
import { type Batch, BEGINNING, type Entry, type Place, StreamReader } from './stream-reader.ts';

export interface LiveTopicsOptions {
  /** Of role `subscriber`. */
  readonly subscriber: Redis;
  /** Of role `cache` or `publisher`: short reads. */
  readonly reader: Redis;
  readonly keys: RedisKeys;
  readonly log: Logger;
}

export interface TopicOptions {
  /**
   * `now` (the default): what follows the stream's end as it is right after the call. `start`: all that the stream
   * still holds, then on.
   */
  readonly from?: 'now' | 'start';
  /** The context's: with a cursor, events follow it whatever `from` says, and each goes out with a cursor of its own. */
  readonly resume?: Resume | undefined;
  readonly signal?: AbortSignal;
}

export interface LiveTopics {
  /**
   * In order, each envelope once; pass them on as they are, since their cursors hang on them. `return()` or the signal
   * frees everything, also while waiting. Throws BAD_USER_INPUT for a cursor of another topic or subject; the iterator
   * throws CURSOR_EXPIRED as soon as events were lost, be it before a cursor or for a subscriber that is too slow.
   */
  subscribe<E extends EventDefinition>(
    event: E,
    key: string,
    options?: TopicOptions,
  ): AsyncIterableIterator<EventEnvelope<PayloadOf<E>>>;
  /** Ends every subscription. The connections stay open: they belong to who opened them. */
  close(): Promise<void>;
}

/** The longest a lost wake-up delays an event; half of it at least, so that subscribers do not look in step. */
const LOOK_MS = 3_000;
/** Where many subscribe, each looks less often: all of them together make no more than some 300 looks a second. */
const LOOK_MS_EACH = 5;
const SEEN = 512;
const RETRY = { baseMs: 50, maxMs: 2_000 };

export function openLiveTopics({ subscriber, reader, keys, log }: LiveTopicsOptions): LiveTopics {
  const pubsub = createWakeUps(subscriber);
  const bells = new Set<Bell>();
  const closing = new AbortController();
  const ringAll = () => {
    for (const bell of bells) bell.ring();
  };
  // Behind the SUBSCRIBE commands that ioredis repeats: once it is answered, wake-ups arrive again.
  const onSubscriberReady = () => void subscriber.ping().then(ringAll, ringAll);
  subscriber.on('ready', onSubscriberReady);
  reader.on('ready', ringAll);

  return {
    subscribe(event, key, { from = 'now', resume, signal } = {}) {
      if (event.delivery !== 'live') throw new TypeError(`${event.name} is not a live event`);
      const stream = keys.liveStream(event.name, key);
      const resumed = resume?.placeIn(stream) ?? null;
      const outer = signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal]);
      return stoppable((stop) => {
        const bell = createBell(stop);
        bells.add(bell);
        // Begins now, not at the first pull: what is published in between belongs to the subscriber.
        const opening = openTopic({ pubsub, reader, stream, from, resumed, bell, stop });
        opening.catch(() => {});
        stop.addEventListener('abort', () => bells.delete(bell), { once: true });
        const lookMs = () => Math.max(LOOK_MS, bells.size * LOOK_MS_EACH);
        return pull({ stream, event, resume, bell, stop, opening, lookMs, log });
      }, outer);
    },
    async close() {
      closing.abort();
      subscriber.off('ready', onSubscriberReady);
      reader.off('ready', ringAll);
    },
  };
}

/** Finds the place to read from, then subscribes to wake-ups: nothing falls in between, because reading comes after both. */
async function openTopic(o: {
  pubsub: RedisPubSub;
  reader: Redis;
  stream: string;
  from: 'now' | 'start';
  resumed: Place | null;
  bell: Bell;
  stop: AbortSignal;
}): Promise<StreamReader> {
  const place = o.resumed ?? (o.from === 'start' ? null : await endOfStream(o));
  const subscription = await o.pubsub.subscribe(o.stream, (wakeUp: WakeUp | undefined) => o.bell.ring(wakeUp));
  if (o.stop.aborted) o.pubsub.unsubscribe(subscription);
  else o.stop.addEventListener('abort', () => o.pubsub.unsubscribe(subscription), { once: true });
  return new StreamReader(o.reader, o.stream, place);
}

/** Asks until Redis answers; at once when the connection is back. */
async function endOfStream(o: { reader: Redis; stream: string; bell: Bell; stop: AbortSignal }): Promise<Place> {
  for (let attempt = 1; ; attempt += 1) {
    o.bell.hush();
    const asOf = Date.now();
    try {
      const [last] = (await o.reader.xrevrange(o.stream, '+', '-', 'COUNT', 1)) as Entry[];
      return { entry: last?.[0] ?? BEGINNING, asOf };
    } catch (error) {
      if (o.stop.aborted) throw error;
      await o.bell.wait(backOffMs(attempt, RETRY));
    }
  }
}

async function* pull<E extends EventDefinition>(o: {
  stream: string;
  event: E;
  resume: Resume | undefined;
  bell: Bell;
  stop: AbortSignal;
  opening: Promise<StreamReader>;
  lookMs: () => number;
  log: Logger;
}): AsyncGenerator<EventEnvelope<PayloadOf<E>>, void> {
  const reader = await untilAborted(o.opening, o.stop);
  const seen = createSeen(SEEN);
  let isFirst = true;
  let isOpened = false;
  for (let failures = 0; reader !== undefined && !o.stop.aborted; ) {
    const wakeUp = o.bell.hush();
    let batch: Batch;
    try {
      // The relay may have published again what a subscriber who comes back has heard.
      if (isFirst) for (const [id, fields] of await reader.before()) seen.has(readEntry(o, id, fields)?.id ?? '');
      batch = (isFirst ? undefined : reader.follow(wakeUp)) ?? (await reader.read());
      failures = 0;
    } catch (err) {
      if (isLyceumError(err)) throw err;
      failures += 1;
      o.log.debug({ err, stream: o.stream }, 'live stream cannot be read, trying again');
      await o.bell.wait(backOffMs(failures, RETRY));
      continue;
    }
    isFirst = false;
    for (const [[id, fields], place] of batch.entries) {
      const envelope = readEntry(o, id, fields);
      if (envelope === undefined || seen.has(envelope.id)) continue;
      o.resume?.mark(envelope, o.stream, place);
      yield envelope;
      if (o.stop.aborted) return;
    }
    if (!batch.isEnd) continue;
    if (!isOpened) o.resume?.opened(o.stream, reader.place);
    isOpened = true;
    await o.bell.wait((o.lookMs() * (1 + Math.random())) / 2);
  }
}

function readEntry<E extends EventDefinition>(
  { event, stream, log }: { event: E; stream: string; log: Logger },
  entry: string,
  fields: readonly string[],
): EventEnvelope<PayloadOf<E>> | undefined {
  try {
    return parseEntry(event, fields);
  } catch (err) {
    log.error({ err, stream, entry }, 'live event cannot be read, it is left out');
    return undefined;
  }
}

/** Rings are remembered until hushed: one that comes during a read makes the next wait end at once. */
interface Bell {
  ring(wakeUp?: WakeUp): void;
  /** Gives the wake-up if it has rung once. */
  hush(): WakeUp | undefined;
  /** Ends at a ring, after `ms`, or when stopped. */
  wait(ms: number): Promise<void>;
}

function createBell(stop: AbortSignal): Bell {
  let rung = false;
  let wake = () => {};
  let told: WakeUp | undefined;
  const ring = (wakeUp?: WakeUp) => {
    told = rung ? undefined : wakeUp;
    rung = true;
    wake();
  };
  stop.addEventListener('abort', () => ring(), { once: true });
  return {
    ring,
    hush() {
      const wakeUp = told;
      told = undefined;
      rung = false;
      return wakeUp;
    },
    async wait(ms) {
      if (rung || stop.aborted) return;
      // Nothing but a timer: this runs once for each event of each subscriber.
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = () => {};
    },
  };
}

interface Seen {
  /** Remembers the id too. */
  has(id: string): boolean;
}

/** The relay may publish an event twice: remembers the latest ids. */
function createSeen(size: number): Seen {
  const ids = new Set<string>();
  return {
    has(id) {
      if (ids.has(id)) return true;
      ids.add(id);
      if (ids.size > size) ids.delete(ids.values().next().value as string);
      return false;
    },
  };
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/**
 * RedisPubSub shares one Redis subscription among all subscribers of a channel. It is typed against ioredis 5 and
 * forgets the promises of UNSUBSCRIBE; this stands between it and our connection, and reads a message once for all of them.
 */
function createWakeUps(subscriber: Redis): RedisPubSub {
  const connection = {
    on: (name: string, listener: (...args: unknown[]) => void) =>
      subscriber.on(name, name === 'message' ? (channel, text) => listener(channel, parseWakeUp(text)) : listener),
    subscribe: (channel: string, done: (error?: Error | null) => void) => {
      // Fails when the connection is closed for good: nobody waits for wake-ups then.
      subscriber.subscribe(channel).then(
        () => done(null),
        () => {},
      );
    },
    unsubscribe: (channel: string) => void subscriber.unsubscribe(channel).catch(() => {}),
    punsubscribe: () => {},
  };
  type Connection = NonNullable<ConstructorParameters<typeof RedisPubSub>[0]>['subscriber'];
  const ours = connection as unknown as Connection;
  return new RedisPubSub({ subscriber: ours, publisher: ours });
}
