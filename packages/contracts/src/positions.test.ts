/**
 * Positions as they travel.
 */
import { expect, test } from 'vitest';
import { joinPositions, readPositions, writePositions } from './positions.ts';

const EARLY = '00000000/0000000A';
const LATE = '00000001/00000000';

test('positions are read as they were written', () => {
  const positions = { 'users/s1': EARLY, 'progress/s2': LATE, 'courses/map': EARLY };
  expect(readPositions(writePositions(positions))).toEqual(positions);
  expect(writePositions({})).toBe('');
  expect(readPositions('')).toEqual({});
});

test('what is no position is as good as not said', () => {
  for (const bad of [
    undefined,
    null,
    7,
    ['users/s1'],
    'users/s1',
    'users/s1=1/2',
    `users=${LATE}`,
    `__proto__=${LATE}`,
  ]) {
    expect(readPositions(bad)).toEqual({});
  }
  expect(readPositions(`nonsense,users/s1=${LATE},users/s1=${LATE}x`)).toEqual({ 'users/s1': LATE });
});

test('too much is bounded', () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`users/s${n}`, LATE]));
  expect(Object.keys(readPositions(writePositions(many)))).toHaveLength(64);
  const longest = Object.fromEntries(
    Array.from({ length: 64 }, (_, n) => [`${'d'.repeat(32)}/${`s${n}`.padEnd(32, 'x')}`, LATE]),
  );
  expect(Object.keys(readPositions(writePositions(longest)))).toHaveLength(64);
  expect(readPositions('x'.repeat(10_000))).toEqual({});
});

test('the later position of a place stays', () => {
  expect(joinPositions(undefined, undefined)).toBeUndefined();
  expect(joinPositions(undefined, 'nonsense')).toBeUndefined();
  expect(joinPositions(`users/s1=${LATE}`, `users/s1=${EARLY},ai/s1=${EARLY}`)).toBe(`users/s1=${LATE},ai/s1=${EARLY}`);
  expect(joinPositions(`users/s1=${EARLY}`, `users/s1=${LATE}`)).toBe(`users/s1=${LATE}`);
});
