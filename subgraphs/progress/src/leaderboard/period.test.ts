import { expect, test } from 'vitest';
import { firstDayOf, periodOf } from './period.ts';

test.for([
  ['2026-11-21T23:59:59.999Z', '2026-W47', '2026-11-16'],
  ['2026-11-22T23:59:59.999Z', '2026-W47', '2026-11-16'],
  ['2026-11-23T00:00:00.000Z', '2026-W48', '2026-11-23'],
  // The turn of a year: the first days may belong to the last week of the old year, the last to the first of the new.
  ['2027-01-03T12:00:00.000Z', '2026-W53', '2026-12-28'],
  ['2027-01-04T00:00:00.000Z', '2027-W01', '2027-01-04'],
  ['2024-12-30T00:00:00.000Z', '2025-W01', '2024-12-30'],
  ['2021-01-01T00:00:00.000Z', '2020-W53', '2020-12-28'],
] as const)('%s lies in ISO week %s, which began on %s', ([at, week, monday]) => {
  expect(periodOf('WEEKLY', new Date(at))).toBe(week);
  expect(firstDayOf('WEEKLY', new Date(at))).toBe(monday);
});

test('a day is a day of UTC, and all time has no beginning', () => {
  const at = new Date('2026-11-21T23:30:00-05:00');
  expect([periodOf('DAILY', at), firstDayOf('DAILY', at)]).toEqual(['2026-11-22', '2026-11-22']);
  expect([periodOf('ALL_TIME', at), firstDayOf('ALL_TIME', at)]).toEqual(['all', null]);
});
