/**
 * What a fault scenario is: it breaks something on purpose and says of each promise whether it was kept.
 */

export interface Scenario {
  readonly name: string;
  /** What holds if the scenario does, in one line. */
  readonly promise: string;
  /** Throws only when it could not be carried out; a broken promise is told to `check`. */
  run(chaos: Chaos): Promise<Figures>;
}

/** Goes into the last line, beside `name` and `holds`. */
export type Figures = Readonly<Record<string, unknown>>;

export interface Chaos {
  /** A run of under a minute. */
  readonly quick: boolean;
  /** For files and logs of this run. Kept when something did not hold. */
  readonly folder: string;
  say(line: string): void;
  /** Tells whether a promise was kept; one that was not makes the scenario fail, and the scenario goes on. */
  check(promise: string, kept: boolean, seen?: unknown): void;
  /** Closed in reverse when the scenario ends, however it ends. */
  own<T>(resource: T, close: (resource: T) => unknown): T;
}
