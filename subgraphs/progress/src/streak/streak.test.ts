import { describe, expect, test } from 'vitest';
import { dayOf, extendStreak, noStreak, streakOn } from './streak.ts';

const after = (...days: string[]) => days.reduce(extendStreak, noStreak);

describe('a streak', () => {
  test('grows by one for each day in a row, across months', () => {
    expect(after('2026-02-27', '2026-02-28', '2026-03-01').currentDays).toBe(3);
  });

  test('counts a day once', () => {
    expect(after('2026-11-20', '2026-11-20')).toEqual(after('2026-11-20'));
  });

  test('begins anew after a missed day and keeps the longest row', () => {
    expect(after('2026-11-01', '2026-11-02', '2026-11-04')).toEqual({
      currentDays: 1,
      longestDays: 2,
      lastActiveOn: '2026-11-04',
    });
  });

  test('is not changed by a late record of an earlier day', () => {
    expect(after('2026-11-20', '2026-11-19')).toEqual(after('2026-11-20'));
  });

  test('still runs the day after the last activity and is over two days after', () => {
    const streak = after('2026-11-19', '2026-11-20');
    expect(streakOn(streak, '2026-11-21').currentDays).toBe(2);
    expect(streakOn(streak, '2026-11-22')).toEqual({ ...streak, currentDays: 0 });
  });

  test('a day is the UTC day', () => {
    expect(dayOf(new Date('2026-11-20T23:59:59.999Z'))).toBe('2026-11-20');
    expect(dayOf(new Date('2026-11-21T00:00:00.000Z'))).toBe('2026-11-21');
  });
});
