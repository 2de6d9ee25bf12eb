import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { compileContext } from './context-arguments.ts';
import { compileRewrites } from './rewrites.ts';
import { createTypeTest } from './type-conditions.ts';

const isA = createTypeTest(
  buildSchema('interface I { a: Int } type A implements I { a: Int } type B { a: Int } type Query { i: I }'),
);

test('a field gets its own name back, at the types and through the lists that the path names', () => {
  const rewrite = compileRewrites(
    [{ kind: 'KeyRenamer', path: ['items', '... on I', 'x__alias_0'], renameKeyTo: 'x' }],
    isA,
  );
  const data = {
    items: [[{ __typename: 'A', x__alias_0: 0 }], [{ __typename: 'B', x__alias_0: 1 }, null], [{ x__alias_0: null }]],
  };
  rewrite?.(data);
  expect(JSON.parse(JSON.stringify(data))).toEqual({
    items: [[{ __typename: 'A', x: 0 }], [{ __typename: 'B', x__alias_0: 1 }, null], [{ x: null }]],
  });
});

test('rewrites are applied in order, and a missing field stays missing', () => {
  const rewrite = compileRewrites(
    [
      { kind: 'ValueSetter', path: ['... on A', '__typename'], setValueTo: 'B' },
      { kind: 'KeyRenamer', path: ['... on B', 'toString'], renameKeyTo: 'z' },
    ],
    isA,
  );
  const data = { __typename: 'A' };
  rewrite?.(data);
  expect(data).toEqual({ __typename: 'B' });
});

test('nothing to rewrite compiles to nothing', () => {
  expect(compileRewrites(undefined, isA)).toBeUndefined();
  expect(compileRewrites([], isA)).toBeUndefined();
});

test('an argument from a context is read from as far above as the plan says, by the type that is there', () => {
  const write = compileContext(
    [
      { kind: 'KeyRenamer', path: ['..', '..', '... on A', 'locale', 'name'], renameKeyTo: 'c0' },
      { kind: 'KeyRenamer', path: ['..', '..', '... on B', 'tongue'], renameKeyTo: 'c0' },
      { kind: 'KeyRenamer', path: ['..', 'missing'], renameKeyTo: 'c1' },
    ],
    isA,
  );
  expect(write?.([{}, { __typename: 'A', locale: { name: 'de' } }, {}])).toBe('"c0":"de","c1":null');
  expect(write?.([{}, { __typename: 'B', tongue: ['pl'] }, {}])).toBe('"c0":["pl"],"c1":null');
});
