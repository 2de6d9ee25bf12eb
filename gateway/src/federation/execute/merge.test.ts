import { expect, test } from 'vitest';
import type { Data } from '../compile/data.ts';
import { copy, merge } from './merge.ts';

function merged(target: Data, ...sources: Data[]): Data {
  for (const source of sources) merge(target, source);
  return target;
}

test('objects and lists of equal length are merged in depth', () => {
  expect(merged({ a: { x: 1, l: [{ p: 1 }, null] } }, { a: { y: 2, l: [{ q: 2 }, { q: 3 }] } })).toEqual({
    a: { x: 1, y: 2, l: [{ p: 1, q: 2 }, { q: 3 }] },
  });
});

test('a null never replaces an answer, and an answer replaces a null', () => {
  expect(merged({ a: { x: 1 }, b: null }, { a: null, b: { y: 2 } })).toEqual({ a: { x: 1 }, b: { y: 2 } });
});

test('what is undefined, or would change what every object inherits, is not taken over', () => {
  const target = merged({ a: 1 }, { a: undefined }, JSON.parse('{"__proto__":{"polluted":true},"constructor":2}'));
  expect(target.a).toBe(1);
  expect(target.polluted).toBeUndefined();
  expect(target.constructor).toBe(2);
});

test('a copy shares nothing', () => {
  const original = { a: [{ b: 1 }] };
  const copied = copy(original);
  copied.a[0]!.b = 2;
  expect(original).toEqual({ a: [{ b: 1 }] });
});

test('what several objects have in common after a merge is noted, however deep it was taken over', () => {
  const source: Data = { name: 'x', list: [1], at: { street: { no: 1 } } };
  const repeated = new Set<unknown>();
  for (const target of [{}, { at: { city: 'y' } }]) merge(target, source, repeated);
  expect(repeated).toEqual(new Set([source.list, source.at, (source.at as Data).street]));
});
