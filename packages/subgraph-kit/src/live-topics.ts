/**
 * Live events of one ordering key, for GraphQL subscriptions: none is lost, none waits in memory.
 *
 * The Redis stream is the queue and the subscriber pulls from it in bounded batches. Pub/sub only says when to look; a
 * wake-up that is lost (Redis restarts, a connection drops) delays an event until the next look, seconds later.
 */
import type { EventDefinition, EventEnvelope, PayloadOf } from '@lyceum/contracts';
import {
  backOffMs,
  isLyceumError,
  type Logger,
  LyceumError,
  parseEntry,
  type RedisKeys,
  sleep,
} from '@lyceum/service-kit';
import { RedisPubSub } from 'graphql-redis-subscriptions';
import type { Redis } from 'ioredis';
import { stoppable } from './iterators.ts';
import type { Resume } from './resume.ts';

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

type Entry = readonly [id: string, fields: readonly string[]];

/** Before every entry. */
const BEGINNING = '0-0';

const BATCH = 100;
/** The longest a lost wake-up delays an event; half of it at least, so that subscribers do not look in step. */
const LOOK_MS = 3_000;
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
        opening.then((place) => resume?.opened(stream, place)).catch(() => {});
        stop.addEventListener('abort', () => bells.delete(bell), { once: true });
        return pull({ reader, stream, event, resume, resumed, bell, stop, opening, log });
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
  resumed: string | null;
  bell: Bell;
  stop: AbortSignal;
}): Promise<string> {
  const place = o.resumed ?? (o.from === 'start' ? BEGINNING : await endOfStream(o));
  const subscription = await o.pubsub.subscribe(o.stream, () => o.bell.ring());
  if (o.stop.aborted) o.pubsub.unsubscribe(subscription);
  else o.stop.addEventListener('abort', () => o.pubsub.unsubscribe(subscription), { once: true });
  return place;
}

/** Asks until Redis answers; at once when the connection is back. */
async function endOfStream(o: { reader: Redis; stream: string; bell: Bell; stop: AbortSignal }): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    o.bell.hush();
    try {
      const [last] = (await o.reader.xrevrange(o.stream, '+', '-', 'COUNT', 1)) as Entry[];
      return last?.[0] ?? BEGINNING;
    } catch (error) {
      if (o.stop.aborted) throw error;
      await o.bell.wait(backOffMs(attempt, RETRY));
    }
  }
}

async function* pull<E extends EventDefinition>(o: {
  reader: Redis;
  stream: string;
  event: E;
  resume: Resume | undefined;
  resumed: string | null;
  bell: Bell;
  stop: AbortSignal;
  opening: Promise<string>;
  log: Logger;
}): AsyncGenerator<EventEnvelope<PayloadOf<E>>, void> {
  let place = await untilAborted(o.opening, o.stop);
  const seen = createSeen(SEEN);
  let isResumed = o.resumed !== null;
  for (let failures = 0; place !== undefined && !o.stop.aborted; ) {
    o.bell.hush();
    let entries: Entry[];
    try {
      if (isResumed) await recall(o, place, seen);
      isResumed = false;
      entries = await readAfter(o, place);
      failures = 0;
    } catch (err) {
      if (isLyceumError(err)) throw err;
      failures += 1;
      o.log.debug({ err, stream: o.stream }, 'live stream cannot be read, trying again');
      await o.bell.wait(backOffMs(failures, RETRY));
      continue;
    }
    for (const [id, fields] of entries) {
      place = id;
      const envelope = readEntry(o, id, fields);
      if (envelope === undefined || seen.has(envelope.id)) continue;
      o.resume?.mark(envelope, o.stream, id);
      yield envelope;
      if (o.stop.aborted) return;
    }
    if (entries.length < BATCH) await o.bell.wait(LOOK_MS / 2 + (Math.random() * LOOK_MS) / 2);
  }
}

/**
 * The entries behind a place. The one at the place is read along: if it is there, none behind it was trimmed away. Without
 * any entry the stream has expired, and with it nothing that is not older than a day.
 */
async function readAfter({ reader, stream }: { reader: Redis; stream: string }, place: string): Promise<Entry[]> {
  if (place === BEGINNING) return (await reader.xrange(stream, '-', '+', 'COUNT', BATCH)) as Entry[];
  const [first, ...rest] = (await reader.xrange(stream, place, '+', 'COUNT', BATCH + 1)) as Entry[];
  if (first && first[0] !== place) throw new LyceumError('CURSOR_EXPIRED');
  return rest;
}

/** Makes sure that the stream still holds what follows a cursor, and remembers the events that came right before it. */
async function recall<E extends EventDefinition>(
  o: { reader: Redis; stream: string; event: E; log: Logger },
  place: string,
  seen: Seen,
): Promise<void> {
  if (place === BEGINNING) {
    if (await isTrimmed(o)) throw new LyceumError('CURSOR_EXPIRED');
    return;
  }
  const before = (await o.reader.xrevrange(o.stream, place, '-', 'COUNT', BATCH)) as Entry[];
  if (before[0]?.[0] !== place) throw new LyceumError('CURSOR_EXPIRED');
  for (const [id, fields] of before.reverse()) seen.has(readEntry(o, id, fields)?.id ?? '');
}

/** Whether a stream has lost entries since it began. */
async function isTrimmed({ reader, stream }: { reader: Redis; stream: string }): Promise<boolean> {
  if ((await reader.exists(stream)) === 0) return false;
  const info = (await reader.xinfo('STREAM', stream)) as unknown[];
  const figure = (name: string) => Number(info[info.indexOf(name) + 1]);
  return figure('entries-added') > figure('length');
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
  ring(): void;
  hush(): void;
  /** Ends at a ring, after `ms`, or when stopped. */
  wait(ms: number): Promise<void>;
}

function createBell(stop: AbortSignal): Bell {
  let rung = false;
  let waiter: AbortController | undefined;
  const ring = () => {
    rung = true;
    waiter?.abort();
  };
  stop.addEventListener('abort', ring, { once: true });
  return {
    ring,
    hush() {
      rung = false;
    },
    async wait(ms) {
      if (rung || stop.aborted) return;
      waiter = new AbortController();
      await sleep(ms, waiter.signal);
      waiter = undefined;
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
 * forgets the promises of UNSUBSCRIBE; this stands between it and our connection.
 */
function createWakeUps(subscriber: Redis): RedisPubSub {
  const connection = {
    on: (name: string, listener: (...args: unknown[]) => void) => subscriber.on(name, listener),
    subscribe: (channel: string, done: (error?: Error | null) => void) => {
      subscriber.subscribe(channel).then(() => done(null), done);
    },
    unsubscribe: (channel: string) => void subscriber.unsubscribe(channel).catch(() => {}),
    punsubscribe: () => {},
  };
  type Connection = NonNullable<ConstructorParameters<typeof RedisPubSub>[0]>['subscriber'];
  const ours = connection as unknown as Connection;
  return new RedisPubSub({ subscriber: ours, publisher: ours });
}
