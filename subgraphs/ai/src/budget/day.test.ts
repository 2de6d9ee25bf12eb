import { expect, test } from 'vitest';
import { dayOf, renewalAfter } from './day.ts';

test('a budget belongs to a UTC day and is renewed when the next one begins, also across years', () => {
  const evening = new Date('2026-12-31T23:59:59.999Z');
  expect(dayOf(evening)).toBe('2026-12-31');
  expect(renewalAfter(evening).toISOString()).toBe('2027-01-01T00:00:00.000Z');
  expect(renewalAfter(new Date('2026-11-21T00:00:00Z')).toISOString()).toBe('2026-11-22T00:00:00.000Z');
});
