import { expect, test } from 'vitest';
import { mergeResolvers } from './merge-resolvers.ts';
import { DateTime } from './scalars.ts';

test('the maps of features are joined by type, scalars as they are', () => {
  const [a, b, c] = [() => 1, () => 2, () => 3];
  const merged = mergeResolvers([{ DateTime }, { Query: { a } }, { Query: { b }, User: { c } }]);
  expect(merged).toEqual({ DateTime, Query: { a, b }, User: { c } });
  expect(merged.DateTime).toBe(DateTime);
});

test('a field that two features resolve is an error', () => {
  expect(() => mergeResolvers([{ Query: { a: () => 1 } }, { Query: { a: () => 2 } }])).toThrow('Query.a');
});
