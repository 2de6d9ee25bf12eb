import { buildSchema, type FragmentDefinitionNode, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { expect, test } from 'vitest';
import { giveOwnNames } from '../plan/own-names.ts';
import { compileProjection, type Fetched } from './projection.ts';

const schema = buildSchema(`
  interface Node { id: ID }
  type A implements Node { id: ID, a: Int, must: Int!, next: Node, nextMust: A! }
  type B implements Node { id: ID, b: Int }
  type Hidden { id: ID }
  union U = A | B
  enum Colour { RED }
  scalar Any
  type Query {
    a: A, node: Node, u: U, list: [Int], strict: [Int!], matrix: [[Int!]]!, as: [A!], maybe: [A]
    colour: Colour, any: Any, int: Int, float: Float, string: String, boolean: Boolean, id: ID, must: Int!
  }
`);

function answer(source: string, data: object, given: Partial<Fetched> = {}, answered?: Set<string>) {
  const document = parse(source);
  const fragments: Record<string, FragmentDefinitionNode> = {};
  let operation: OperationDefinitionNode | undefined;
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) operation = definition;
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  const { keyOf } = giveOwnNames(operation!, fragments);
  const anything = { has: () => true } as unknown as ReadonlySet<string>;
  const projection = compileProjection(schema, operation!, fragments, keyOf, answered ?? anything);
  const fetched = {
    variables: {},
    data: { ...data },
    errors: [],
    failed: new Map(),
    unseen: new Map(),
    repeated: new Set(),
    ...given,
  };
  const projected = projection.project(fetched);
  return {
    data: projected && (projected.toJSON() as object),
    errors: fetched.errors.map(({ path }) => path?.join('.')),
  };
}

const json = (value: unknown) => JSON.stringify(value);

test('fields come in the order they are selected, merged, under the names they are asked under', () => {
  const { data } = answer(
    '{ node { ...F __typename id } x: a { a } ... { x: a { id } } } fragment F on A { n: next { id } }',
    {
      _0: { id: '9', a: 1 },
      node: { id: '1', __typename: 'A', _1: { __typename: 'B', id: '2' }, _0: { __typename: 'B', id: '2' } },
    },
  );
  expect(json(data)).toBe('{"node":{"n":{"id":"2"},"__typename":"A","id":"1"},"x":{"a":1,"id":"9"}}');
});

test('fragments apply by the type of the value', () => {
  const source = '{ u { __typename ... on Node { id } ... on A { a } ... on B { b } } }';
  expect(answer(source, { u: { __typename: 'B', id: '1', a: 1, b: 2 } }).data).toEqual({
    u: { __typename: 'B', id: '1', b: 2 },
  });
});

test('a type that clients do not know, or that cannot stand there, is null with one error', () => {
  for (const __typename of ['Hidden', 'Nobody', 'Query', 7]) {
    expect(answer('{ u { __typename } }', { u: { __typename } })).toEqual({ data: { u: null }, errors: ['u'] });
  }
});

test('@skip and @include follow the variables of each request', () => {
  const source = 'query ($x: Boolean!) { int @skip(if: $x) ... @include(if: $x) { float } id @include(if: true) }';
  const data = { int: 1, float: 2.5, id: 'i' };
  expect(answer(source, data, { variables: { x: true } }).data).toEqual({ float: 2.5, id: 'i' });
  expect(answer(source, data, { variables: { x: false } }).data).toEqual({ int: 1, id: 'i' });
});

test('leaves are what the public schema says, or null with an error', () => {
  const source = '{ colour any int float string boolean id list }';
  const good = {
    colour: 'RED',
    any: { x: [1] },
    int: 1,
    float: 1.5,
    string: 's',
    boolean: false,
    id: 7,
    list: [1, null],
  };
  expect(answer(source, good)).toEqual({ data: { ...good, id: '7' }, errors: [] });
  const bad = { colour: 'BLUE', int: 2 ** 31, float: 'x', string: {}, boolean: 'no', id: 1.5, list: ['x', 2] };
  expect(answer(source, bad)).toEqual({
    data: { colour: null, any: null, int: null, float: null, string: null, boolean: null, id: null, list: [null, 2] },
    errors: ['colour', 'int', 'float', 'string', 'boolean', 'id', 'list.0'],
  });
  expect(answer('{ list a { id } }', { list: 'abc', a: [] })).toEqual({
    data: { list: null, a: null },
    errors: ['list', 'a'],
  });
});

test('a null that may not be takes away as much as it must, with one error at its own place', () => {
  const cases: [string, object, object | null, string[]][] = [
    ['{ a { id must } }', { a: { id: '1' } }, { a: null }, ['a.must']],
    [
      '{ a { nextMust { nextMust { must } } } }',
      { a: { nextMust: { nextMust: {} } } },
      { a: null },
      ['a.nextMust.nextMust.must'],
    ],
    ['{ strict id }', { strict: [1, null, 3], id: 'x' }, { strict: null, id: 'x' }, ['strict.1']],
    ['{ matrix }', { matrix: [[1], [null], null] }, { matrix: [[1], null, null] }, ['matrix.1.0']],
    ['{ matrix }', {}, null, ['matrix']],
    ['{ as { must } }', { as: [{ must: 1 }, {}] }, { as: null }, ['as.1.must']],
    ['{ maybe { must } }', { maybe: [{ must: 1 }, {}, null] }, { maybe: [{ must: 1 }, null, null] }, ['maybe.1.must']],
    ['{ must id }', { id: 'x' }, null, ['must']],
  ];
  for (const [source, data, expected, errors] of cases) {
    expect(answer(source, data), source).toEqual({ data: expected, errors });
  }
});

test('a null that an error explains, at its place or below, gets no second error', async () => {
  const { GraphQLError } = await import('graphql');
  const errors = () => [new GraphQLError('x', { path: ['a', 'nextMust', 'must'] })];
  expect(answer('{ a { nextMust { must } } id }', { a: {}, id: 'x' }, { errors: errors() })).toEqual({
    data: { a: null, id: 'x' },
    errors: ['a.nextMust.must'],
  });
  const a = {};
  expect(answer('{ a { must } }', { a }, { failed: new Map([[a, new Set(['must'])]]) })).toEqual({
    data: { a: null },
    errors: [],
  });
});

test('what its subgraph does not show is a null reference without an error, where the reference may be null', () => {
  const unseen = (object: object) => ({ unseen: new Map([[object as never, new Set(['must'])]]) });
  const hidden = {};
  expect(answer('{ a { must } }', { a: hidden }, unseen(hidden))).toEqual({ data: { a: null }, errors: [] });
  expect(answer('{ maybe { must } }', { maybe: [hidden] }, unseen(hidden))).toEqual({
    data: { maybe: [null] },
    errors: [],
  });
  expect(answer('{ as { must } }', { as: [hidden] }, unseen(hidden))).toEqual({
    data: { as: null },
    errors: ['as.0.must'],
  });
  expect(answer('{ a { nextMust { must } } }', { a: { nextMust: hidden } }, unseen(hidden))).toEqual({
    data: { a: null },
    errors: ['a.nextMust.must'],
  });
});

test('names that every object inherits are names like any other', () => {
  const { data } = answer('{ constructor: id __proto__: int }', { _0: 'x', _1: 5 });
  expect(json(data)).toBe('{"constructor":"x","__proto__":5}');
  expect(json(answer('{ constructor: id }', {}).data)).toBe('{"constructor":null}');
});

test('introspection is answered by the public schema, beside data, and follows variables', () => {
  const source =
    'query ($n: String!) { t: __typename __type(name: $n) { kind } s: __schema { queryType { name } } id }';
  expect(answer(source, { id: 'x' }, { variables: { n: 'U' } }).data).toEqual({
    t: 'Query',
    __type: { kind: 'UNION' },
    s: { queryType: { name: 'Query' } },
    id: 'x',
  });
  expect(answer(source, {}, { variables: { n: 'Nobody' } }).data).toMatchObject({ __type: null });
});

test('a root field that no subgraph is asked for is an error, not a null without one', () => {
  expect(answer('{ __typename id int }', { int: 1 }, {}, new Set(['int']))).toEqual({
    data: { __typename: 'Query', id: null, int: 1 },
    errors: ['id'],
  });
  expect(answer('{ must }', {}, {}, new Set())).toEqual({ data: null, errors: ['must'] });
});

test('what stands in several places reads the same in each, and different where it is asked differently', () => {
  const nextMust = { id: '2', a: 2 };
  const shared = { id: '1', a: 1, nextMust };
  const data = { as: [shared, { id: '3', a: 3, nextMust }, shared], a: { nextMust } };
  const repeated = new Set<unknown>([shared, nextMust]);
  const source = '{ as { id nextMust { a } } a { nextMust { id } } }';
  const next = { nextMust: { a: 2 } };
  expect(answer(source, data, { repeated })).toEqual({
    data: {
      as: [
        { id: '1', ...next },
        { id: '3', ...next },
        { id: '1', ...next },
      ],
      a: { nextMust: { id: '2' } },
    },
    errors: [],
  });
});

test('an error in what stands in several places is told at each', () => {
  const shared = { must: 'x' };
  const given = { repeated: new Set<unknown>([shared]) };
  expect(
    answer('{ maybe { must } a { nextMust { must } } }', { maybe: [shared, shared], a: { nextMust: shared } }, given),
  ).toEqual({
    data: { maybe: [null, null], a: null },
    errors: ['maybe.0.must', 'maybe.1.must', 'a.nextMust.must'],
  });
});
