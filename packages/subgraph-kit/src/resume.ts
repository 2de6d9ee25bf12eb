/**
 * Cursors: where in a live topic a subscription stands, so that it can go on from there, at any instance and much later.
 *
 * A cursor is the id of an entry in the topic's stream and a code over it, its subject and its topic (HMAC-SHA-256, cut to
 * 128 bits): nobody else can use it, and none can be made up. A subscription follows one topic.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { LyceumError } from '@lyceum/service-kit';

const CURSOR = /^(\d{1,20}-\d{1,20})\.([\w-]{22})$/;
const CODE_BYTES = 16;

export interface ResumeOptions {
  /** What the subscriber brought; null asks for a cursor before the first event. */
  readonly cursor: string | null;
  /** Who subscribes: cursors of others are refused. */
  readonly subject: string;
  readonly secret: string;
}

/** Of one subscription: the cursor it came with, and those that its events go out with. */
export class Resume {
  /** The cursor from which events will follow, for who brought none. Never resolves if no topic is followed. */
  readonly opening: Promise<string> | null;
  readonly #options: ResumeOptions;
  readonly #cursors = new WeakMap<object, string>();
  #open = (_cursor: string) => {};

  constructor(options: ResumeOptions) {
    this.#options = options;
    this.opening =
      options.cursor === null
        ? new Promise((resolve) => {
            this.#open = resolve;
          })
        : null;
  }

  /** The entry after which the subscriber wants to go on; null if it brought no cursor. Throws BAD_USER_INPUT. */
  placeIn(topic: string): string | null {
    const { cursor } = this.#options;
    if (cursor === null) return null;
    const [, place = '', code = ''] = CURSOR.exec(cursor) ?? [];
    if (!timingSafeEqual(Buffer.from(code.padEnd(22)), Buffer.from(this.#codeOf(topic, place)))) {
      throw new LyceumError('BAD_USER_INPUT', '`extensions.cursor` is no cursor of this subscription: leave it out.');
    }
    return place;
  }

  opened(topic: string, place: string): void {
    this.#open(this.#write(topic, place));
  }

  /** Lets the event go out with its place. */
  mark(event: object, topic: string, place: string): void {
    this.#cursors.set(event, this.#write(topic, place));
  }

  /** Undefined for what stands in no topic, such as a snapshot. */
  cursorOf(event: unknown): string | undefined {
    return typeof event === 'object' && event !== null ? this.#cursors.get(event) : undefined;
  }

  #write(topic: string, place: string): string {
    return `${place}.${this.#codeOf(topic, place)}`;
  }

  #codeOf(topic: string, place: string): string {
    const { subject, secret } = this.#options;
    const signed = JSON.stringify(['cursor', subject, topic, place]);
    return createHmac('sha256', secret).update(signed).digest().subarray(0, CODE_BYTES).toString('base64url');
  }
}
