/**
 * Who is online, of the people that anybody here watches: read once, heard of from then on, and read again when the time
 * that was heard runs out, or after 45 s in case that a word was lost.
 *
 * One channel and one read for each person, however many watch. While Redis is away nothing is told.
 */
import {
  type Clock,
  type Logger,
  PRESENCE_LIFE_MS,
  type Presence,
  parsePresence,
  type Redis,
  type RedisKeys,
  readPresence,
} from '@lyceum/service-kit';
import type { Channels } from '../ephemeral/channels.ts';

/** Called with what is known at the beginning, and when a person comes online or goes offline. */
export type PresenceListener = (userId: string, presence: Presence) => void;

export interface PresenceWatch {
  /** Returns the way to stop. */
  watch(userIds: readonly string[], listener: PresenceListener): () => void;
  close(): void;
}

interface Watched {
  readonly userId: string;
  readonly listeners: Set<PresenceListener>;
  readonly onMessage: (message: string) => void;
  /** Undefined until it was read or heard of. */
  presence?: Presence;
  /** When to read again, in milliseconds. */
  lookAt: number;
}

const SWEEP_MS = 250;
const RETRY_MS = 1_000;
/** People read in one round trip. */
const BATCH = 500;

export function openPresenceWatch(options: {
  readonly channels: Channels;
  /** What the channels are heard on. */
  readonly subscriber: Redis;
  /** Of role `cache`. */
  readonly reader: Redis;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly log: Logger;
}): PresenceWatch {
  const { channels, subscriber, reader, keys, clock, log } = options;
  const people = new Map<string, Watched>();
  let isReading = false;

  function learn(person: Watched, presence: Presence): void {
    const isNews = person.presence?.isOnline !== presence.isOnline;
    person.presence = presence;
    person.lookAt = presence.until?.getTime() ?? clock.now().getTime() + PRESENCE_LIFE_MS;
    if (isNews) for (const listener of person.listeners) listener(person.userId, presence);
  }

  async function read(some: readonly Watched[]): Promise<void> {
    const asked = clock.now();
    const ids = some.map(({ userId }) => userId);
    const found = await readPresence(reader, keys, ids, asked);
    for (const [at, person] of some.entries()) {
      // What was heard meanwhile is newer.
      if (person.lookAt <= asked.getTime()) learn(person, found[at]!);
    }
  }

  async function sweep(): Promise<void> {
    if (isReading) return;
    isReading = true;
    const now = clock.now().getTime();
    const due = [...people.values()].filter(({ lookAt }) => lookAt <= now);
    try {
      for (let at = 0; at < due.length; at += BATCH) await read(due.slice(at, at + BATCH));
    } catch (err) {
      log.debug({ err, people: due.length }, 'presence cannot be read, trying again');
      for (const person of due) person.lookAt = now + RETRY_MS * (0.5 + Math.random());
    } finally {
      isReading = false;
    }
  }

  function add(userId: string): Watched {
    const onMessage = (message: string) => learn(person, parsePresence(message, clock.now()));
    const person: Watched = { userId, listeners: new Set(), onMessage, lookAt: Number.POSITIVE_INFINITY };
    people.set(userId, person);
    // Read after listening has begun, so that nothing falls in between.
    const lookNow = () => {
      if (person.presence === undefined) person.lookAt = 0;
    };
    channels.listen(keys.presence(userId), onMessage).then(lookNow, lookNow);
    return person;
  }

  /** Words may have been lost while a connection was away. */
  const lookAtAll = () => {
    for (const person of people.values()) person.lookAt = 0;
  };
  // Behind the SUBSCRIBE commands that ioredis repeats: once it is answered, words arrive again.
  const onSubscriberReady = () => void subscriber.ping().then(lookAtAll, () => {});
  subscriber.on('ready', onSubscriberReady);
  reader.on('ready', lookAtAll);
  const sweeping = setInterval(sweep, SWEEP_MS);

  return {
    watch(userIds, listener) {
      const watched = userIds.map((userId) => people.get(userId) ?? add(userId));
      for (const person of watched) {
        person.listeners.add(listener);
        if (person.presence) listener(person.userId, person.presence);
      }
      return () => {
        for (const person of watched) {
          person.listeners.delete(listener);
          if (person.listeners.size > 0 || people.get(person.userId) !== person) continue;
          people.delete(person.userId);
          channels.unlisten(keys.presence(person.userId), person.onMessage);
        }
      };
    },
    close() {
      clearInterval(sweeping);
      subscriber.off('ready', onSubscriberReady);
      reader.off('ready', lookAtAll);
      people.clear();
    },
  };
}
