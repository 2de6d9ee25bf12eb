/**
 * Cursors: where in a live topic a subscription stands, so that it can go on from there, at any instance and much later.
 *
 * A cursor is a place in the topic's stream and a code over it, its subject and its topic (HMAC-SHA-256, cut to 128 bits):
 * nobody else can use it, and none can be made up. A subscription follows one topic.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { LyceumError } from '@lyceum/service-kit';
import type { Place } from './stream-reader.ts';

/** Entry, time and code. */
const CURSOR = /^(\d{1,20}-\d{1,20})\.(\d{1,15})\.([\w-]{22})$/;
const CODE_BYTES = 16;

export interface ResumeOptions {
  /** What the subscriber brought; null if it has none yet. */
  readonly cursor: string | null;
  /** Who subscribes: cursors of others are refused. */
  readonly subject: string;
  readonly secret: string;
}

/**
 * Of one subscription: the cursor it came with, and those that its events go out with. Equal events of a topic have equal
 * cursors for one subject, at whichever instance they are read.
 */
export class Resume {
  /** Set by who sends the events: called once, with a cursor behind which nothing stands yet. */
  onOpening: (cursor: string) => void = () => {};
  readonly #options: ResumeOptions;
  readonly #cursors = new WeakMap<object, string>();

  constructor(options: ResumeOptions) {
    this.#options = options;
  }

  /** Null if the subscriber has heard nothing yet, so that it may be told first how things stand. */
  get cursor(): string | null {
    return this.#options.cursor;
  }

  /** Where the subscriber wants to go on; null if it brought no cursor. Throws BAD_USER_INPUT. */
  placeIn(topic: string): Place | null {
    const { cursor } = this.#options;
    if (cursor === null) return null;
    const [, entry = '', asOf = '', code = ''] = CURSOR.exec(cursor) ?? [];
    const place = { entry, asOf: Number(asOf) };
    if (!timingSafeEqual(Buffer.from(code.padEnd(22)), Buffer.from(this.#codeOf(topic, place)))) {
      throw new LyceumError('BAD_USER_INPUT', '`extensions.cursor` is no cursor of this subscription: leave it out.');
    }
    return place;
  }

  /** All that was there has been read: nothing stands behind this place yet. */
  opened(topic: string, place: Place): void {
    this.onOpening(this.#write(topic, place));
  }

  /** Lets the event go out with its place. */
  mark(event: object, topic: string, place: Place): void {
    this.#cursors.set(event, this.#write(topic, place));
  }

  /** Undefined for what stands in no topic, such as a snapshot. */
  cursorOf(event: unknown): string | undefined {
    return typeof event === 'object' && event !== null ? this.#cursors.get(event) : undefined;
  }

  #write(topic: string, place: Place): string {
    return `${place.entry}.${place.asOf}.${this.#codeOf(topic, place)}`;
  }

  #codeOf(topic: string, { entry, asOf }: Place): string {
    const { subject, secret } = this.#options;
    const signed = JSON.stringify(['cursor', subject, topic, entry, asOf]);
    return createHmac('sha256', secret).update(signed).digest().subarray(0, CODE_BYTES).toString('base64url');
  }
}
