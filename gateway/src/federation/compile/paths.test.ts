import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import type { Data } from './data.ts';
import { compilePath } from './paths.ts';
import { createTypeTest } from './type-conditions.ts';

const isA = createTypeTest(
  buildSchema('interface I { a: Int } type A implements I { a: Int } type B { a: Int } type Query { i: I }'),
);
const a = { __typename: 'A', n: { id: 1 } };
const b = { __typename: 'B', n: { id: 2 } };
const NONE = new Set();

function places(path: readonly string[], data: Data) {
  const found: [Data, string, number][] = [];
  compilePath(path, isA).walk(data, (object, at, above) => found.push([object, at.join('.'), above.length]));
  return found;
}

test('objects are found in lists of lists, and nulls are passed over', () => {
  const data = { grid: [[a, null], null, [b]] };
  expect(compilePath(['grid', '@', '@', 'n'], isA).collect(data, NONE)).toEqual([{ id: 1 }, { id: 2 }]);
  expect(places(['grid', '@', '@', 'n'], data)).toEqual([
    [{ id: 1 }, 'grid.0.0.n', 2],
    [{ id: 2 }, 'grid.2.0.n', 2],
  ]);
});

test('an object that stands in several places is collected once and told of with each', () => {
  const data = { list: [a, b, a] };
  expect(compilePath(['list', '@'], isA).collect(data, new Set([a]))).toEqual([a, b]);
  expect(compilePath(['list', '@', 'n'], isA).collect(data, new Set([a.n]))).toEqual([{ id: 1 }, { id: 2 }]);
  expect(compilePath(['list', '@', '|[A]', 'n'], isA).collect(data, new Set([a, a.n]))).toEqual([{ id: 1 }]);
  expect(places(['list', '@'], data).map(([, at]) => at)).toEqual(['list.0', 'list.1', 'list.2']);
});

test('a condition in a path goes on from values of its types only', () => {
  const data = { list: [a, b, { n: { id: 3 } }], one: b };
  for (const path of [
    ['list', '@|[A]', 'n'],
    ['list', '@|[I]', 'n'],
  ]) {
    expect(compilePath(path, isA).collect(data, NONE)).toEqual([{ id: 1 }]);
    expect(places(path, data).map(([, at]) => at)).toEqual(['list.0.n']);
  }
  expect(compilePath(['one|[A,B]', 'n'], isA).collect(data, NONE)).toEqual([{ id: 2 }]);
});

test('what is missing, no object, or only inherited is not found', () => {
  expect(compilePath(['x', 'y'], isA).collect({ x: 'text' }, NONE)).toEqual([]);
  expect(compilePath(['x', 'y'], isA).collect({}, NONE)).toEqual([]);
  expect(compilePath(['constructor', 'prototype'], isA).collect({}, NONE)).toEqual([]);
  expect(places(['x', 'y'], { x: { y: 1 } })).toEqual([]);
});

test('an empty path is the root', () => {
  const root = { x: 1 };
  expect(compilePath([], isA).collect(root, NONE)).toEqual([root]);
  expect(places([], root)).toEqual([[root, '', 0]]);
});
