/**
 * Days of learning in a row. A day is a UTC day, written YYYY-MM-DD.
 *
 * The row keeps the streak as of the last active day; whether it is broken by now is a question of reading, so nothing
 * has to run at midnight.
 */
export interface Streak {
  readonly currentDays: number;
  readonly longestDays: number;
  readonly lastActiveOn: string | null;
}

export const noStreak: Streak = { currentDays: 0, longestDays: 0, lastActiveOn: null };

const dayMs = 24 * 60 * 60 * 1000;

export function dayOf(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

/** Whole days from one day to a later one; negative if it is earlier. */
function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / dayMs);
}

/** The streak after activity on `day`. A day that lies before the last active one changes nothing. */
export function extendStreak(streak: Streak, day: string): Streak {
  const gap = streak.lastActiveOn === null ? Number.POSITIVE_INFINITY : daysBetween(streak.lastActiveOn, day);
  if (gap <= 0) return streak;
  const currentDays = gap === 1 ? streak.currentDays + 1 : 1;
  return { currentDays, longestDays: Math.max(streak.longestDays, currentDays), lastActiveOn: day };
}

/** The streak as seen on `today`: still running if the last active day was today or yesterday, else 0. */
export function streakOn(streak: Streak, today: string): Streak {
  const running = streak.lastActiveOn !== null && daysBetween(streak.lastActiveOn, today) <= 1;
  return running ? streak : { ...streak, currentDays: 0 };
}
