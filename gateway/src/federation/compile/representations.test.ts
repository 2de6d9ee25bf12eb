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
