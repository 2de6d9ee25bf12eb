import { expect, test } from 'vitest';
import { compare } from './comparison.ts';

/** Such as `a1 a2 b1`; another id than the first of an event is marked: `a1'`. */
const found = (text: string, committed: number) =>
  compare(
    text.split(' ').map((id) => ({ id, key: id[0]!, number: Number(id[1]) })),
    committed,
  );
const flawless = { keys: 2, missing: 0, duplicates: 0, strangers: 0, outOfOrder: 0 };

test('keys side by side, each in its order, are flawless', () => {
  expect(found('a1 b1 b2 a2 a3', 5)).toEqual(flawless);
});

test('a batch that was sent again counts as duplicates and breaks no order', () => {
  expect(found('a1 a2 b1 a1 a2 a3', 4)).toEqual({ ...flawless, duplicates: 2 });
});

test('what never came is missing, and what it would have preceded is in order', () => {
  expect(found('a1 a3 b1', 4)).toEqual({ ...flawless, missing: 1 });
});

test('what came first behind a later event of its key is out of order', () => {
  expect(found('a1 a3 a2 b1 a3', 4)).toEqual({ ...flawless, outOfOrder: 1, duplicates: 1 });
});

test('an event under two ids is told from a duplicate', () => {
  expect(found("a1 b1 a1'", 2)).toEqual({ ...flawless, strangers: 1 });
});
