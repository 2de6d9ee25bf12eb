/**
 * The spans of time that leaderboards count. A period is one of them at a moment, by the name that rows, events and keys
 * in Redis bear: a UTC day (2026-11-21), an ISO week (2026-W47), or `all`.
 */
import { dayOf } from '../streak/streak.ts';

export const WINDOWS = ['DAILY', 'WEEKLY', 'ALL_TIME'] as const;
export type LeaderboardWindow = (typeof WINDOWS)[number];

const dayMs = 24 * 60 * 60 * 1000;

export function periodOf(window: LeaderboardWindow, at: Date): string {
  switch (window) {
    case 'DAILY':
      return dayOf(at);
    case 'WEEKLY':
      return weekOf(at);
    case 'ALL_TIME':
      return 'all';
  }
}

/** The first day of the period that holds the moment; null for all time. */
export function firstDayOf(window: LeaderboardWindow, at: Date): string | null {
  switch (window) {
    case 'DAILY':
      return dayOf(at);
    case 'WEEKLY':
      return dayOf(mondayOf(at));
    case 'ALL_TIME':
      return null;
  }
}

/** Midnight of the week's Monday. */
function mondayOf(at: Date): Date {
  const daysSinceMonday = (at.getUTCDay() + 6) % 7;
  return new Date(Date.parse(dayOf(at)) - daysSinceMonday * dayMs);
}

/** ISO 8601: a week belongs to the year of its Thursday, and the first week of a year holds its first Thursday. */
function weekOf(at: Date): string {
  const thursday = new Date(mondayOf(at).getTime() + 3 * dayMs);
  const year = thursday.getUTCFullYear();
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * dayMs));
  return `${year}-W${String(week).padStart(2, '0')}`;
}
