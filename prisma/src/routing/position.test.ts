import { expect, test } from 'vitest';
import { endOfLastRecord, later, toPosition } from './position.ts';

test('positions compare as text in the order of the log', () => {
  const positions = ['0/9', '0/A', '0/10', '0/FFFFFFFF', '1/0', 'A/0', '10/0'].map(toPosition);
  expect([...positions].sort()).toEqual(positions);
  expect(toPosition('1a/2b')).toBe('0000001A/0000002B');
  expect(toPosition(toPosition('1a/2b'))).toBe('0000001A/0000002B');
});

test('the later of two positions is kept', () => {
  expect(later(undefined, toPosition('0/1'))).toBe(toPosition('0/1'));
  expect(later(toPosition('0/2'), toPosition('0/1'))).toBe(toPosition('0/2'));
  expect(later(toPosition('0/2'), toPosition('1/1'))).toBe(toPosition('1/1'));
});

test('what is no position is refused', () => {
  for (const text of ['', '0', '0/', '/0', '0/G', '123456789/0']) expect(() => toPosition(text)).toThrow(RangeError);
});

test('a position just past a page header is the end of the page before, which a replica can reach', () => {
  expect(endOfLastRecord('A/2018')).toBe(toPosition('A/2000'));
  expect(endOfLastRecord('A/18')).toBe(toPosition('A/0'));
  for (const text of ['A/2020', 'A/2010', 'A/1FF8', 'A/3018']) expect(endOfLastRecord(text)).toBe(toPosition(text));
});
