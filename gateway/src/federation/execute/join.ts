/**
 * Makes one object of references that are equal: every place holds the first of them, and the others are forgotten.
 *
 * It is then asked for, completed and written once. The path that finds the objects tells where each of them stands.
 */
import type { Data } from '../compile/data.ts';
import type { Slots } from '../compile/paths.ts';

export class Join implements Slots {
  readonly holders: (Data | unknown[])[] = [];
  readonly keys: (string | number)[] = [];
  readonly #repeated: Set<unknown>;
  #at = 0;
  #count = 0;

  /** `repeated` takes note of what stands in several places. */
  constructor(repeated: Set<unknown>) {
    this.#repeated = repeated;
  }

  /** How many have given way. */
  get count(): number {
    return this.#count;
  }

  /** Says which of the objects that were found comes next. */
  next(index: number): this {
    this.#at = index;
    return this;
  }

  /** False for what stands in several places already: only one of them is known. */
  mayGive(object: Data): boolean {
    return !this.#repeated.has(object);
  }

  /** Puts another object into the place of this one. */
  into(object: Data): void {
    const holder = this.holders[this.#at] as Data;
    holder[this.keys[this.#at]!] = object;
    this.#repeated.add(object);
    this.#count += 1;
  }
}
