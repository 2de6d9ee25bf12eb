/**
 * Reads a live stream, batch after batch, and notices when entries are missing.
 *
 * A stream forgets its oldest entries when it grows, and all of them a day after the last. While it holds the entry at the
 * reader's place, nothing behind that is missing. If the entry is gone, and the reader stood at the end of the stream less
 * than a day ago, the stream died of age and nothing is missing either, so long as the one that took its place has lost none.
 */
import { LIVE_STREAM_LIFE_MS, LyceumError, type WakeUp } from '@lyceum/service-kit';
import type { Redis } from 'ioredis';

export type Entry = readonly [id: string, fields: readonly string[]];

export interface Place {
  /** The id of the last entry that was read. */
  readonly entry: string;
  /** A time at which nothing stood behind it, in milliseconds since 1970. */
  readonly asOf: number;
}

export interface Batch {
  /** Each with its place. */
  readonly entries: readonly (readonly [Entry, Place])[];
  /** Whether the stream's end has been reached. */
  readonly isEnd: boolean;
}

/** Before every entry. */
export const BEGINNING = '0-0';

const BATCH = 100;
/** The clocks of Redis and of two of our instances may differ. */
const LIFE_MS = LIVE_STREAM_LIFE_MS - 5 * 60_000;

export class StreamReader {
  readonly #redis: Redis;
  readonly #stream: string;
  #place: Place;
  /** False until the first read of one who takes what the stream still holds. */
  #missesNothing: boolean;

  /** Without a place: from the oldest entry that the stream holds. */
  constructor(redis: Redis, stream: string, place: Place | null) {
    this.#redis = redis;
    this.#stream = stream;
    this.#place = place ?? { entry: BEGINNING, asOf: 0 };
    this.#missesNothing = place !== null;
  }

  /** That of the last entry that `read` gave. */
  get place(): Place {
    return this.#place;
  }

  /**
   * The entry that a wake-up holds, if it is the one right behind the reader's place. Undefined if that is not certain: the
   * stream is to be read then.
   */
  follow(wakeUp: WakeUp | undefined): Batch | undefined {
    if (wakeUp === undefined || !this.#missesNothing || wakeUp.previous !== this.#place.entry) return undefined;
    this.#place = { entry: wakeUp.entry, asOf: timeOf(wakeUp.entry) };
    return { entries: [[[wakeUp.entry, wakeUp.fields], this.#place]], isEnd: true };
  }

  /** The next entries; none if the reader stands at the end. Throws CURSOR_EXPIRED. */
  async read(): Promise<Batch> {
    const asOf = Date.now();
    const found = await this.#next();
    this.#missesNothing = true;
    const isEnd = found.length < BATCH;
    const last = found.at(-1)?.[0] ?? this.#place.entry;
    this.#place = { entry: last, asOf: isEnd ? asOf : timeOf(last) };
    const placeOf = ([entry]: Entry): Place => ({ entry, asOf: timeOf(entry) });
    return { entries: found.map((entry) => [entry, placeOf(entry)] as const), isEnd };
  }

  /** What was read before the place, the oldest first: one batch of it. */
  async before(): Promise<Entry[]> {
    const { entry } = this.#place;
    if (entry === BEGINNING) return [];
    const entries = (await this.#redis.xrevrange(this.#stream, entry, '-', 'COUNT', BATCH)) as Entry[];
    return entries.reverse();
  }

  async #next(): Promise<Entry[]> {
    const { entry, asOf } = this.#place;
    if (entry !== BEGINNING) {
      const [first, ...rest] = (await this.#redis.xrange(this.#stream, entry, '+', 'COUNT', BATCH + 1)) as Entry[];
      if (first?.[0] === entry) return rest;
    }
    const isTooOld = this.#missesNothing && Date.now() - asOf > LIFE_MS;
    if (isTooOld) throw new LyceumError('CURSOR_EXPIRED');
    const entries = (await this.#redis.xrange(this.#stream, '-', '+', 'COUNT', BATCH)) as Entry[];
    const [oldest] = entries;
    if (oldest && this.#missesNothing && (isBefore(oldest[0], entry) || (await this.#isTrimmed()))) {
      throw new LyceumError('CURSOR_EXPIRED');
    }
    this.#place = { entry: BEGINNING, asOf };
    return entries;
  }

  /** Whether the stream has lost entries since it began. */
  async #isTrimmed(): Promise<boolean> {
    const info = (await this.#redis.xinfo('STREAM', this.#stream)) as unknown[];
    const figure = (name: string) => Number(info[info.indexOf(name) + 1]);
    return figure('entries-added') > figure('length');
  }
}

/** Redis numbers entries by the milliseconds of its clock: when one came, nothing stood behind it. */
function timeOf(entry: string): number {
  return Number(entry.split('-')[0]);
}

function isBefore(one: string, other: string): boolean {
  const [[oneTime = 0n, oneCount = 0n], [otherTime = 0n, otherCount = 0n]] = [one, other].map((id) =>
    id.split('-').map(BigInt),
  ) as [bigint[], bigint[]];
  return oneTime < otherTime || (oneTime === otherTime && oneCount < otherCount);
}
