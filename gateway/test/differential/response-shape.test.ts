/**
 * What the specification (October 2021) says on the shape of a response and on where a null goes, rule by rule. The
 * subgraphs' answers are written down here, so that nothing but the gateway decides the result.
 */
import { expect, test } from 'vitest';
import type { Answer } from './compare.ts';
import { handmade } from './handmade.ts';

const SDL = `
  scalar Any
  enum Mood { GOOD BAD SECRET @inaccessible }
  interface Being { name: String }
  type Cat implements Being { name: String lives: Int! mood: Mood }
  type Dog implements Being { name: String barks: Boolean }
  union Pet = Cat | Dog
  type Box {
    s: String s1: String! i: Int i1: Int! f: Float b: Boolean id: ID mood: Mood mood1: Mood! any: Any
    box: Box box1: Box! boxes: [Box] boxes1: [Box!] boxes2: [Box]! boxes3: [Box!]!
    ints: [Int] ints1: [Int!] ints2: [Int]! ints3: [Int!]! rows: [[Int]] rows1: [[Int!]!]!
    pet: Pet pets: [Pet!] being: Being
  }
  type Query { box: Box box1: Box! s: String s1: String! boxes: [Box!] pets: [Pet] }
  type Mutation { one: Box two: Box1 three: String }
  type Box1 { s: String! }
`;

/** What a client gets for the data that the one subgraph sends. */
function answered(source: string, data: Record<string, unknown>, variables?: Record<string, unknown>): Promise<Answer> {
  return handmade({ only: SDL }, () => ({ data })).run(source, variables);
}

const paths = ({ errors = [] }: Answer) => errors.map(({ path }) => path);

test('a result without errors has no entry for them (7.1.2)', async () => {
  expect(await answered('{ box { s } }', { box: { s: 'x' } })).toStrictEqual({ data: { box: { s: 'x' } } });
});

test('fields stand in the order of the operation, whatever the subgraph sends (6.2.2, 7.2.2)', async () => {
  const { data } = await answered('{ box { i s ...F f } } fragment F on Box { b s }', {
    box: { f: 1.5, b: true, s: 'x', i: 1, __typename: 'Box' },
  });
  expect(JSON.stringify(data)).toBe('{"box":{"i":1,"s":"x","b":true,"f":1.5}}');
});

test('fields of one response name are one field, with all their selections (6.3.2)', async () => {
  const { data } = await answered('{ box { box { s } } ... on Query { box { i box { i } } } }', {
    box: { box: { s: 'x', i: 2 }, i: 1 },
  });
  expect(JSON.stringify(data)).toBe('{"box":{"box":{"s":"x","i":2},"i":1}}');
});

test('a field that a directive leaves out is not in the response; @skip wins over @include (3.13.1)', async () => {
  const source = `query ($t: Boolean!) { box {
    s @skip(if: $t) i @include(if: $t) f @skip(if: $t) @include(if: $t) ... @include(if: $t) { b } } }`;
  expect((await answered(source, { box: { i: 1, b: true } }, { t: true })).data).toStrictEqual({
    box: { i: 1, b: true },
  });
  expect((await answered(source, { box: { s: 'x' } }, { t: false })).data).toStrictEqual({ box: { s: 'x' } });
});

test('a fragment counts only for the types of its condition (6.3.2)', async () => {
  const { data } = await answered('{ pets { __typename ... on Being { name } ... on Cat { lives } } }', {
    pets: [
      { __typename: 'Cat', name: 'Tom', lives: 9 },
      { __typename: 'Dog', name: 'Rex' },
    ],
  });
  expect(data).toStrictEqual({
    pets: [
      { __typename: 'Cat', name: 'Tom', lives: 9 },
      { __typename: 'Dog', name: 'Rex' },
    ],
  });
});

test('a null in a field that may be null is no error (6.4.3)', async () => {
  expect(await answered('{ box { s box { i } } }', { box: { s: null, box: null } })).toStrictEqual({
    data: { box: { s: null, box: null } },
  });
});

test('a null in a field that may not be null makes its object null, with one error at the field (6.4.4)', async () => {
  const answer = await answered('{ box { s box { s1 } } }', { box: { s: 'x', box: { s1: null } } });
  expect(answer.data).toStrictEqual({ box: { s: 'x', box: null } });
  expect(paths(answer)).toStrictEqual([['box', 'box', 's1']]);
});

test('the null goes up to the next field that may be null (6.4.4)', async () => {
  const answer = await answered('{ box { box { box1 { box1 { i1 } } } } }', {
    box: { box: { box1: { box1: { i1: null } } } },
  });
  expect(answer.data).toStrictEqual({ box: { box: null } });
  expect(paths(answer)).toStrictEqual([['box', 'box', 'box1', 'box1', 'i1']]);
});

test('where nothing on the way may be null, the data is null (6.4.4)', async () => {
  const answer = await answered('{ box1 { box1 { s1 } } }', { box1: { box1: { s1: null } } });
  expect(answer.data).toBeNull();
  expect(paths(answer)).toStrictEqual([['box1', 'box1', 's1']]);
});

test.each([
  ['[Box]: the item is null', 'boxes', [null, { s1: 'x' }], [1, 's1']],
  ['[Box!]: the list is null', 'boxes1', null, [1, 's1']],
  ['[Box]!: the item is null', 'boxes2', [null, { s1: 'x' }], [1, 's1']],
])('a forbidden null in an object of a list, %s (6.4.4)', async (_shape, field, expected, at) => {
  const answer = await answered(`{ box { ${field} { s1 } } }`, {
    box: { [field]: [{ s1: 'x' }, { s1: null }].reverse() },
  });
  expect(answer.data).toStrictEqual({ box: { [field]: expected } });
  expect(paths(answer)).toStrictEqual([['box', field, at[0] === 1 ? 0 : 1, 's1']]);
});

test('a forbidden null in [Box!]! makes the parent of the list null (6.4.4)', async () => {
  const answer = await answered('{ box { boxes3 { s1 } } }', { box: { boxes3: [{ s1: 'x' }, { s1: null }] } });
  expect(answer.data).toStrictEqual({ box: null });
  expect(paths(answer)).toStrictEqual([['box', 'boxes3', 1, 's1']]);
});

test.each([
  ['[Int]', 'ints', { box: { ints: [1, null] } }, []],
  ['[Int!]', 'ints1', { box: { ints1: null } }, [['box', 'ints1', 1]]],
  ['[Int]!', 'ints2', { box: { ints2: [1, null] } }, []],
  ['[Int!]!', 'ints3', { box: null }, [['box', 'ints3', 1]]],
])('a null among the leaves of %s (6.4.4)', async (_shape, field, expected, errors) => {
  const answer = await answered(`{ box { ${field} } }`, { box: { [field]: [1, null] } });
  expect(answer.data).toStrictEqual(expected);
  expect(paths(answer)).toStrictEqual(errors);
});

test('lists in lists are completed item by item (6.4.3)', async () => {
  const free = await answered('{ box { rows } }', { box: { rows: [[1, null], null, []] } });
  expect(free).toStrictEqual({ data: { box: { rows: [[1, null], null, []] } } });
  const strict = await answered('{ box { rows1 } }', { box: { rows1: [[1], [2, null]] } });
  expect(strict.data).toStrictEqual({ box: null });
  expect(paths(strict)).toStrictEqual([['box', 'rows1', 1, 1]]);
});

test('one null that two forbidden nulls below would make is told of once at least, and never twice for one path (6.4.4)', async () => {
  const answer = await answered('{ box { box { s1 i1 } } }', { box: { box: { s1: null, i1: null } } });
  expect(answer.data).toStrictEqual({ box: { box: null } });
  const told = paths(answer).map((path) => JSON.stringify(path));
  expect(told.length).toBeGreaterThan(0);
  expect(new Set(told).size).toBe(told.length);
});

test('a value that a leaf cannot stand for is null with an error (6.4.3)', async () => {
  const answer = await answered('{ box { i s f b mood } }', {
    box: { i: 'one', s: { no: 'text' }, f: 'x', b: 'yes', mood: 'ANGRY' },
  });
  expect(answer.data).toStrictEqual({ box: { i: null, s: null, f: null, b: null, mood: null } });
  expect(paths(answer)).toStrictEqual(['i', 's', 'f', 'b', 'mood'].map((field) => ['box', field]));
});

test('a value of an enum that clients may not see is like one that does not exist', async () => {
  const free = await answered('{ box { mood } }', { box: { mood: 'SECRET' } });
  expect(free.data).toStrictEqual({ box: { mood: null } });
  expect(paths(free)).toStrictEqual([['box', 'mood']]);
  expect(JSON.stringify(free.data)).not.toContain('SECRET');
  const strict = await answered('{ box { mood1 } }', { box: { mood1: 'SECRET' } });
  expect(strict.data).toStrictEqual({ box: null });
});

test('a custom scalar is passed on as it is (3.5.5)', async () => {
  const any = { list: [1, 'x', null], __typename: 'not a type', deep: { a: true } };
  expect(await answered('{ box { any } }', { box: { any } })).toStrictEqual({ data: { box: { any } } });
});

test('a value that is no list, where a list must be, is null with an error (6.4.3)', async () => {
  const answer = await answered('{ box { ints boxes { s } } }', { box: { ints: 7, boxes: { s: 'x' } } });
  expect(answer.data).toStrictEqual({ box: { ints: null, boxes: null } });
  expect(paths(answer)).toStrictEqual([
    ['box', 'ints'],
    ['box', 'boxes'],
  ]);
});

test('an object whose type the union does not have is null with an error (6.4.3)', async () => {
  const answer = await answered('{ box { pet { __typename } } }', { box: { pet: { __typename: 'Bird' } } });
  expect(answer.data).toStrictEqual({ box: { pet: null } });
  expect(paths(answer)).toStrictEqual([['box', 'pet']]);
});

test('a field that the subgraph leaves out is null, and an error where it may not be', async () => {
  const answer = await answered('{ box { box { s } box1 { i1 } } }', { box: { box: {}, box1: {} } });
  expect(answer.data).toStrictEqual({ box: null });
  expect(paths(answer)).toStrictEqual([['box', 'box1', 'i1']]);
});

test("an error of a subgraph keeps its path, under the client's names (7.1.2)", async () => {
  const { run } = handmade({ only: SDL }, (_subgraph, { query }) => {
    const alias = /(\w+):box/.exec(query)?.[1] ?? 'box';
    const inner = /(\w+):s[^\w]/.exec(query)?.[1] ?? 's';
    return {
      data: { [alias]: { [inner]: null } },
      errors: [{ message: 'broken', path: [alias, inner], extensions: { code: 'BROKEN' } }],
    };
  });
  const answer = await run('{ mine: box { own: s } }');
  expect(answer.data).toStrictEqual({ mine: { own: null } });
  expect(answer.errors).toMatchObject([{ message: 'broken', path: ['mine', 'own'] }]);
});

test('an error that a subgraph tells of where it may not be null is told of once (6.4.4)', async () => {
  const { run } = handmade({ only: SDL }, () => ({
    data: { box: null },
    errors: [{ message: 'broken', path: ['box', 's1'] }],
  }));
  const answer = await run('{ box { s1 } }');
  expect(answer.data).toStrictEqual({ box: null });
  expect(paths(answer)).toStrictEqual([['box', 's1']]);
});

test('an operation of which nothing is left is an empty object, and asks nobody (6.2)', async () => {
  const { run, asked } = handmade({ only: SDL }, () => ({ data: {} }));
  expect(await run('{ box @skip(if: true) { s } }')).toStrictEqual({ data: {} });
  expect(asked).toStrictEqual([]);
});

test('the type of the root is known without asking (4.1)', async () => {
  const { run, asked } = handmade({ only: SDL }, () => ({ data: {} }));
  expect(await run('{ __typename kind: __typename }')).toStrictEqual({ data: { __typename: 'Query', kind: 'Query' } });
  expect(asked).toStrictEqual([]);
});

const ENTITIES = {
  left: 'type Thing @key(fields: "id") { id: ID! } type Query { things: [Thing] rows: [[Thing!]] sure: [Thing!]! }',
  right: 'type Thing @key(fields: "id") { id: ID! name: String must: String! }',
};

/** What comes of it when the second subgraph answers so. */
function joined(roots: Record<string, unknown>, right: { data: unknown; errors?: unknown }) {
  return handmade(ENTITIES, (subgraph) =>
    subgraph === 'left' ? { data: roots } : (right as ReturnType<Parameters<typeof handmade>[1]>),
  );
}

test('the error of an entity is told of at every place where the entity stands', async () => {
  const thing = (id: string) => ({ __typename: 'Thing', id });
  const source = '{ rows { id name } }';
  const { run } = joined(
    { rows: [[thing('1'), thing('2')], null, [thing('1')]] },
    {
      data: {
        _entities: [
          { __typename: 'Thing', name: null },
          { __typename: 'Thing', name: 'two' },
        ],
      },
      errors: [{ message: 'broken', path: ['_entities', 0, 'name'] }],
    },
  );
  const answer = await run(source);
  expect(answer.data).toStrictEqual({
    rows: [
      [
        { id: '1', name: null },
        { id: '2', name: 'two' },
      ],
      null,
      [{ id: '1', name: null }],
    ],
  });
  expect(paths(answer)).toStrictEqual([
    ['rows', 0, 0, 'name'],
    ['rows', 2, 0, 'name'],
  ]);
});

test('an entity that its subgraph does not know is null without an error, if the reference may be null', async () => {
  const source = '{ things { id must } }';
  const roots = {
    things: [
      { __typename: 'Thing', id: '1' },
      { __typename: 'Thing', id: 'gone' },
    ],
  };
  const { run } = joined(roots, { data: { _entities: [{ __typename: 'Thing', must: 'x' }, null] } });
  expect(await run(source)).toStrictEqual({ data: { things: [{ id: '1', must: 'x' }, null] } });
});

test('an entity that its subgraph does not know is an error, if more than the reference is lost', async () => {
  const source = '{ sure { must } }';
  const { run } = joined({ sure: [{ __typename: 'Thing', id: 'gone' }] }, { data: { _entities: [null] } });
  const answer = await run(source);
  expect(answer.data).toBeNull();
  expect(paths(answer)).toStrictEqual([['sure', 0, 'must']]);
});

test('a field that may be null, of an entity that its subgraph does not know, is null without an error', async () => {
  const source = '{ things { id name } }';
  const { run } = joined({ things: [{ __typename: 'Thing', id: 'gone' }] }, { data: { _entities: [null] } });
  expect(await run(source)).toStrictEqual({ data: { things: [{ id: 'gone', name: null }] } });
});

test('mutations run one after the other, in the order of the operation, across subgraphs (6.2.2)', async () => {
  const { run, asked } = handmade(
    {
      a: 'type Query { a: Int } type Mutation { a1: Int a2: Int }',
      b: 'type Query { b: Int } type Mutation { b1: Int b2: Int }',
    },
    (_subgraph, { query }) => ({
      data: Object.fromEntries([...query.matchAll(/[ab][12]/g)].map(([name]) => [name, Number(name[1])])),
    }),
  );
  expect(JSON.stringify(await run('mutation { a1 b1 b2 a2 }'))).toBe('{"data":{"a1":1,"b1":1,"b2":2,"a2":2}}');
  expect(asked).toStrictEqual(['a', 'b', 'a']);
});
