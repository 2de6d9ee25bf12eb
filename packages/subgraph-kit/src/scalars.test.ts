import { Kind } from 'graphql';
import { expect, test } from 'vitest';
import { DateScalar, DateTime } from './scalars.ts';

test('an instant is shown in UTC with milliseconds and read as a Date', () => {
  const shown = '2026-11-21T07:30:00.000Z';
  for (const value of [new Date(shown), shown, Date.parse(shown), '2026-11-21T08:30:00+01:00']) {
    expect(DateTime.serialize(value)).toBe(shown);
  }
  expect(DateTime.parseValue(shown)).toEqual(new Date(shown));
  expect(DateTime.parseLiteral({ kind: Kind.STRING, value: shown })).toEqual(new Date(shown));
});

test('what is no instant is refused', () => {
  for (const value of ['2026-11-21', 'tomorrow', 1_700_000_000, '2026-13-01T00:00:00Z', null]) {
    expect(() => DateTime.parseValue(value)).toThrow('Expected an instant');
  }
  expect(() => DateTime.serialize('tomorrow')).toThrow(TypeError);
});

test('a day stays the day it is', () => {
  expect(DateScalar.serialize('2028-02-29')).toBe('2028-02-29');
  expect(DateScalar.serialize(new Date('2026-11-21T23:59:59.999Z'))).toBe('2026-11-21');
  expect(DateScalar.parseValue('2026-11-21')).toBe('2026-11-21');
  for (const value of ['2026-02-29', '2026-11-21T00:00:00Z', '21.11.2026', 20261121]) {
    expect(() => DateScalar.parseValue(value)).toThrow('Expected a day');
  }
});
