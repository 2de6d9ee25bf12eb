/**
 * A clock that stands still until the test moves it.
 */
import type { Clock } from '@lyceum/service-kit';

export interface FixedClock extends Clock {
  set(date: Date | string): void;
  advance(ms: number): void;
}

export function fixedClock(start: Date | string): FixedClock {
  let now = new Date(start);
  return {
    now: () => new Date(now),
    set: (date) => {
      now = new Date(date);
    },
    advance: (ms) => {
      now = new Date(now.getTime() + ms);
    },
  };
}
