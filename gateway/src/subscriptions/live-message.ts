/**
 * One result of a subscription as it goes to everybody who listens: written once, in the form that each transport sends.
 */
export class LiveMessage {
  /** Where the subscription stands with it; undefined for events of subgraphs that know no cursors. */
  readonly cursor: string | undefined;
  /** Whether it holds nothing but its cursor. */
  readonly isOpening: boolean;
  readonly #text: string;
  #payload: Buffer | undefined;
  #serverSent: Buffer | undefined;

  /** `text` is the result as JSON. */
  constructor(text: string, cursor: string | undefined, isOpening = false) {
    this.#text = text;
    this.cursor = cursor;
    this.isOpening = isOpening;
  }

  /** For who has caught up, or has just begun: nothing stands behind this cursor yet. */
  static opening(cursor: string): LiveMessage {
    return new LiveMessage(`{"extensions":{"cursor":${JSON.stringify(cursor)}}}`, cursor, true);
  }

  /** JSON in UTF-8, the payload of a `next` message. */
  get payload(): Buffer {
    this.#payload ??= Buffer.from(this.#text);
    return this.#payload;
  }

  /** An event of an event stream; an opening is an id without an event. */
  get serverSent(): Buffer {
    const id = this.cursor === undefined ? '' : `id: ${this.cursor}\n`;
    this.#serverSent ??= Buffer.from(this.isOpening ? `${id}\n` : `${id}event: next\ndata: ${this.#text}\n\n`);
    return this.#serverSent;
  }
}
