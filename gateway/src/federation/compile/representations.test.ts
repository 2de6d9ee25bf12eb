import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { compileRepresentation } from './representations.ts';
import { createTypeTest } from './type-conditions.ts';

const isA = createTypeTest(
  buildSchema(
    'interface Media { id: ID } type Book implements Media { id: ID } type Film implements Media { id: ID } type Query { m: Media }',
  ),
);
const field = (name: string, selections?: QueryPlanSelectionNode[]): QueryPlanSelectionNode => ({
  kind: 'Field',
  name,
  selections,
});
const on = (typeCondition: string, ...selections: QueryPlanSelectionNode[]): QueryPlanSelectionNode => ({
  kind: 'InlineFragment',
  typeCondition,
  selections,
});
const typename = field('__typename');

test('a representation holds what its own type requires, in the order of the plan', () => {
  const write = compileRepresentation(
    [on('Book', typename, field('isbn')), on('Film', typename, field('eidr')), on('Media', field('id'))],
    undefined,
    isA,
  );
  expect(write({ id: '1', isbn: 'x', other: true, __typename: 'Book' })).toBe(
    '{"__typename":"Book","isbn":"x","id":"1"}',
  );
  expect(write({ id: '2', eidr: 'y', __typename: 'Film' })).toBe('{"__typename":"Film","eidr":"y","id":"2"}');
});

test('selections of one field from several fragments are put together', () => {
  const write = compileRepresentation(
    [on('Book', typename, field('size', [field('h')])), on('Media', field('size', [field('w')]))],
    undefined,
    isA,
  );
  expect(write({ __typename: 'Book', size: { w: 1, h: 2.5 } })).toBe('{"__typename":"Book","size":{"h":2.5,"w":1}}');
});

test('nested lists, nulls and abstract values below a required field are written as they are', () => {
  const write = compileRepresentation(
    [on('Book', typename, field('parts', [on('Film', field('a')), on('Book', field('b'))]), field('tags'), field('n'))],
    undefined,
    isA,
  );
  const parts = [[{ __typename: 'Film', a: true }, null], null, [{ __typename: 'Book', b: 'é"' }]];
  expect(JSON.parse(write({ __typename: 'Book', parts, tags: [['t']], n: null }) ?? '')).toEqual({
    __typename: 'Book',
    parts: [[{ a: true }, null], null, [{ b: 'é"' }]],
    tags: [['t']],
    n: null,
  });
});

test('an entity without its type, of a type that is not meant, or without a required field has no representation', () => {
  const write = compileRepresentation([on('Book', typename, field('id'))], undefined, isA);
  expect(write({ id: '1' })).toBeNull();
  expect(write({ __typename: 'Film', id: '1' })).toBeNull();
  expect(write({ __typename: 'Nobody', id: '1' })).toBeNull();
  expect(write({ __typename: 'Book' })).toBeNull();
  expect(write({ __typename: 'Book', id: null })).toBe('{"__typename":"Book","id":null}');
});

test('names that every object inherits are not taken for data', () => {
  const write = compileRepresentation([on('Book', typename, field('constructor'))], undefined, isA);
  expect(write({ __typename: 'Book' })).toBeNull();
});

test('a subgraph that knows an interface only is given its name', () => {
  const rewrite = { kind: 'ValueSetter' as const, path: ['... on Media', '__typename'], setValueTo: 'Media' };
  const write = compileRepresentation([on('Media', typename, field('id'))], [rewrite], isA);
  const entity = { __typename: 'Film', id: '1' };
  expect(write(entity)).toBe('{"__typename":"Media","id":"1"}');
  expect(entity.__typename).toBe('Film');
});

test('a field that a key and a requirement name apart is written once, with what both read of it', () => {
  const write = compileRepresentation(
    [
      on(
        'Book',
        typename,
        field('shelf__0', [field('code')]),
        field('n'),
        field('shelf__1', [field('row'), field('code')]),
      ),
    ],
    undefined,
    isA,
    new Map(['shelf__0', 'shelf__1'].map((name) => [name, { name: 'shelf', arguments: [] }])),
  );
  const book = { __typename: 'Book', n: 1, shelf__0: { code: 'c' } };
  expect(write({ ...book, shelf__1: { row: 2, code: 'c' } })).toBe(
    '{"__typename":"Book","shelf":{"code":"c","row":2},"n":1}',
  );
  expect(write({ ...book, shelf__1: null })).toBe('{"__typename":"Book","shelf":{"code":"c"},"n":1}');
  expect(write(book)).toBeNull();
});
