/**
 * Time as a dependency, so that a test can say what the time is.
 */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
