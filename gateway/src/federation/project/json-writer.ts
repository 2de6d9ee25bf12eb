/**
 * Writes JSON as bytes, one after the other, into memory that is used again.
 *
 * Texts put together with `+` would be a tree of pieces until somebody reads them: as many small objects as the answer has
 * fields, for the garbage collector to clear away. Here an answer becomes a text once, when it is whole.
 */
import { quote } from '../quote.ts';

/** Up to here it is faster to look at each character than to call what looks at all of them. */
const SHORT = 40;
/** Texts that may stand in JSON as they are, and whose characters are bytes. */
const PLAIN = /^[ !#-[\]-~]*$/;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** A character becomes at most so many bytes of UTF-8. */
const WIDEST = 3;

const INITIAL_BYTES = 256 * 1024;
/** Memory that has grown beyond is not kept. */
const KEPT_BYTES = 4 * 1024 * 1024;
let spare: Buffer | undefined;

export class JsonWriter {
  #bytes: Buffer;
  #length = 0;
  #isAscii = true;

  constructor() {
    this.#bytes = spare ?? Buffer.allocUnsafeSlow(INITIAL_BYTES);
    spare = undefined;
  }

  /** How much is written. */
  get length(): number {
    return this.#length;
  }

  /** Forgets what was written after `length`. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** `label` is ASCII. */
  label(label: Uint8Array): void {
    const size = label.length;
    const at = this.#reserve(size);
    const bytes = this.#bytes;
    for (let index = 0; index < size; index += 1) bytes[at + index] = label[index]!;
    this.#length = at + size;
  }

  byte(code: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = code;
    this.#length = at + 1;
  }

  /** A text, between quotation marks. */
  text(text: string): void {
    const { length } = text;
    let at = this.#reserve(length + 2);
    const bytes = this.#bytes;
    bytes[at] = QUOTE;
    at += 1;
    if (length <= SHORT) {
      for (let index = 0; index < length; index += 1) {
        const code = text.charCodeAt(index);
        if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) return void this.json(quote(text));
        bytes[at + index] = code;
      }
    } else {
      if (!PLAIN.test(text)) return void this.json(quote(text));
      bytes.write(text, at, length, 'latin1');
    }
    at += length;
    bytes[at] = QUOTE;
    this.#length = at + 1;
  }

  /** What is JSON already. */
  json(json: string): void {
    const { length } = json;
    const at = this.#reserve(length * WIDEST);
    const bytes = this.#bytes;
    let index = 0;
    if (length <= SHORT) {
      for (; index < length; index += 1) {
        const code = json.charCodeAt(index);
        if (code > 0x7e) break;
        bytes[at + index] = code;
      }
    }
    if (index === length) {
      this.#length = at + length;
      return;
    }
    const size = bytes.write(json, at);
    if (size !== length) this.#isAscii = false;
    this.#length = at + size;
  }

  /** Once more what stands between two places. */
  again(start: number, end: number): void {
    const size = end - start;
    const at = this.#reserve(size);
    this.#bytes.copyWithin(at, start, end);
    this.#length = at + size;
  }

  /** All that was written. Ends the use of the writer. */
  take(): string {
    const bytes = this.#bytes;
    const text = bytes.toString(this.#isAscii ? 'latin1' : 'utf8', 0, this.#length);
    if (bytes.length <= KEPT_BYTES) spare = bytes;
    return text;
  }

  /** Where to go on, with room for so many bytes. */
  #reserve(size: number): number {
    const at = this.#length;
    if (at + size > this.#bytes.length) this.#grow(at + size);
    return at;
  }

  #grow(size: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(size, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
