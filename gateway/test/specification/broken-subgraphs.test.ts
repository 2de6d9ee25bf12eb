/**
 * Subgraphs that break the rules: whatever one of them sends, the answer has the shape that the schema promises, an error
 * says what is missing, and what others sent stays.
 */
import { describe, expect, test } from 'vitest';
import type { Answer } from '../differential/compare.ts';
import { handmade } from '../differential/handmade.ts';
import { paths } from './subject.ts';

const LEFT = `
  interface Being { id: ID! name: String }
  type Person implements Being @key(fields: "id") { id: ID! name: String }
  type Robot implements Being @key(fields: "id") { id: ID! name: String }
  type Rock { weight: Int }
  union Thing = Person | Robot | Rock
  scalar Any
  type Leaves { int: Int float: Float string: String boolean: Boolean id: ID any: Any must: Int! list: [Int] rows: [[Int]] inner: Leaves inners: [Leaves] }
  type Query { person: Person people: [Person] crowd: [Person!]! being: Being thing: Thing things: [Thing] leaves: Leaves left: String }
  type Mutation { change: Person touch: Int }`;
const RIGHT = `
  type Person @key(fields: "id") { id: ID! age: Int must: String! best: Person leaves: Leaf list: [Int] rows: [[Leaf]] }
  type Robot @key(fields: "id") { id: ID! age: Int }
  type Leaf { size: Int sure: Int! }
  type Query { right: String other: Leaf }
  type Mutation { alter: Int }`;

/** As a subgraph writes it: any text that JSON.parse reads. */
type Sent = string | (() => never);

let sending: { left?: Sent; right?: Sent } = {};
const { run, asked } = handmade({ left: LEFT, right: RIGHT }, (subgraph) => {
  const text = sending[subgraph as 'left' | 'right'] ?? '{"data":{}}';
  return typeof text === 'string' ? JSON.parse(text) : text();
});

/** The answer where `left` and `right` send these texts. */
async function answered(source: string, sent: typeof sending): Promise<Answer> {
  sending = sent;
  const answer = await run(source);
  expect(Object.keys(answer)).toContain('data');
  for (const { message } of answer.errors ?? []) expect(message).toEqual(expect.stringMatching(/./));
  const told = paths(answer).map((path) => JSON.stringify(path));
  expect(new Set(told).size, 'no path has two errors').toBe(told.length);
  return answer;
}

const ADA = '{"data":{"person":{"__typename":"Person","id":"1","name":"Ada"},"left":"kept"}}';
const PEOPLE = `{"data":{"people":[${['1', '2'].map((id) => `{"__typename":"Person","id":"${id}","name":"n${id}"}`)}],"left":"kept"}}`;

describe('a subgraph that the root is asked of', () => {
  test.each([
    ['null for data, and no errors', '{"data":null}'],
    ['no data and no errors', '{}'],
    ['no data, and an empty list of errors', '{"errors":[]}'],
    ['null for data, and an empty list of errors', '{"data":null,"errors":[]}'],
    ['null for data, and null for errors', '{"data":null,"errors":null}'],
    ['a list for data', '{"data":[1]}'],
    ['a text for data', '{"data":"person"}'],
    ['a number for data', '{"data":7}'],
    ['true for data', '{"data":true}'],
    ['an error without data', '{"errors":[{"message":"no"}]}'],
    ['errors that are no list', '{"data":null,"errors":"no"}'],
    ['errors that are an object', '{"data":null,"errors":{"message":"no"}}'],
    ['errors that are no objects', '{"data":null,"errors":[null,7,"no",[]]}'],
  ])('%s: each of its fields is null with an error, and the other subgraph is heard', async (_what, left) => {
    const answer = await answered('{ left person { name } right }', { left, right: '{"data":{"right":"kept"}}' });
    expect(answer.data).toStrictEqual({ left: null, person: null, right: 'kept' });
    expect(paths(answer).sort()).toStrictEqual([['left'], ['person']]);
  });

  test.each([
    [
      'does not answer',
      () => {
        throw new Error('refused');
      },
    ],
    [
      'fails with what is no error',
      () => {
        throw 'refused';
      },
    ],
    [
      'fails with nothing',
      () => {
        throw undefined;
      },
    ],
  ])('%s: likewise', async (_what, left) => {
    const answer = await answered('{ left right }', { left, right: '{"data":{"right":"kept"}}' });
    expect(answer.data).toStrictEqual({ left: null, right: 'kept' });
    expect(paths(answer)).toStrictEqual([['left']]);
  });

  test('an empty object for data is nulls: they may stand there, and nobody said why', async () => {
    expect(await answered('{ left person { name } }', { left: '{"data":{}}' })).toStrictEqual({
      data: { left: null, person: null },
    });
  });

  test('where the root may not be null, an empty object for data is an error', async () => {
    const answer = await answered('{ left crowd { name } }', { left: '{"data":{"left":"x"}}' });
    expect(answer.data).toBeNull();
    expect(paths(answer)).toStrictEqual([['crowd']]);
  });

  test('a field nobody asked for is not passed on', async () => {
    const left =
      '{"data":{"left":"x","secret":1,"person":{"name":"Ada","secret":2,"__typename":"Person","id":"1"}},"extensions":{"secret":3},"more":4}';
    expect(await answered('{ left person { name } }', { left })).toStrictEqual({
      data: { left: 'x', person: { name: 'Ada' } },
    });
  });

  test('of a key that comes twice the last value counts, as JSON is commonly read', async () => {
    expect(await answered('{ left }', { left: '{"data":{"left":"a","left":"b"}}' })).toStrictEqual({
      data: { left: 'b' },
    });
    expect(await answered('{ left }', { left: '{"data":null,"data":{"left":"b"}}' })).toStrictEqual({
      data: { left: 'b' },
    });
  });
});

describe('values of a wrong kind', () => {
  /** What stands at `leaves.<field>`, and whether an error says so. */
  async function leaf(selection: string, json: string) {
    const answer = await answered(`{ leaves { ${selection} string } left }`, {
      left: `{"data":{"leaves":{"string":"kept",${json}},"left":"kept"}}`,
    });
    const { leaves, left } = answer.data as { leaves: Record<string, unknown> | null; left: unknown };
    expect(left).toBe('kept');
    if (leaves) expect(leaves.string).toBe('kept');
    return { leaves, at: paths(answer) };
  }

  test.each([
    ['int', '{"int":1}'],
    ['int', '[1]'],
    ['int', '1e400'],
    ['int', '-1e400'],
    ['int', '12345678901234567890'],
    ['int', '0.1'],
    ['int', '"x"'],
    ['float', '1e400'],
    ['float', '-1e400'],
    ['float', '"NaN"'],
    ['float', '"Infinity"'],
    ['float', '[]'],
    ['string', '{"toString":1}'],
    ['boolean', '"true"'],
    ['boolean', '{}'],
    ['id', '{"id":"1"}'],
    ['id', '1e400'],
    ['list', '{"0":1,"length":1}'],
    ['list', '"text"'],
    ['rows', '7'],
    ['inner { int }', '7'],
    ['inner { int }', '"text"'],
    ['inner { int }', 'true'],
    ['inner { int }', '[]'],
    ['inner { int }', '[{"int":1}]'],
    ['inners { int }', '{"int":1}'],
  ])('a leaf, list or object %s that is %s is null with an error', async (selection, json) => {
    const key = selection.split(' ')[0]!;
    if (key === 'string') {
      const answer = await answered('{ leaves { int string } }', {
        left: `{"data":{"leaves":{"int":1,"string":${json}}}}`,
      });
      expect(answer.data).toStrictEqual({ leaves: { int: 1, string: null } });
      expect(paths(answer)).toStrictEqual([['leaves', 'string']]);
      return;
    }
    expect(await leaf(selection, `"${key}":${json}`)).toStrictEqual({
      leaves: { [key]: null, string: 'kept' },
      at: [['leaves', key]],
    });
  });

  test('an object where a leaf must be, where it may not be null, costs its parent', async () => {
    expect(await leaf('must', '"must":{}')).toStrictEqual({ leaves: null, at: [['leaves', 'must']] });
  });

  test.each([
    ['inners { int }', '[7,{"int":1},"x",[{"int":2}],null]', [null, { int: 1 }, null, null, null], [0, 2, 3]],
    ['list', '[1,[2],{"a":3},"4",null]', [1, null, null, 4, null], [1, 2]],
    ['rows', '[[1],2,{"0":3},null,[[4]]]', [[1], null, null, null, [null]], [1, 2, 4]],
  ])('elements of a wrong kind in %s cost themselves', async (selection, json, expected, at) => {
    const key = selection.split(' ')[0]!;
    const outcome = await leaf(selection, `"${key}":${json}`);
    expect(outcome.leaves).toStrictEqual({ [key]: expected, string: 'kept' });
    expect(outcome.at.map((path) => path?.[2]).sort()).toStrictEqual(at);
  });

  test('a number that no double can hold exactly is passed on as JSON is read', async () => {
    const { leaves, at } = await leaf('float any', '"float":0.1000000000000000055,"any":12345678901234567890');
    expect(leaves).toStrictEqual({ float: 0.1, any: 12345678901234567000, string: 'kept' });
    expect(at).toStrictEqual([]);
  });

  test('a number beyond all doubles in a custom scalar never makes an answer that is no JSON', async () => {
    const { leaves } = await leaf('any', '"any":{"huge":1e400}');
    expect(leaves).toStrictEqual({ any: { huge: null }, string: 'kept' });
  });

  test('a value nested very deep in a custom scalar is passed on', async () => {
    const deep = `${'['.repeat(2_000)}${']'.repeat(2_000)}`;
    const { leaves } = await leaf('any', `"any":${deep}`);
    expect(JSON.stringify(leaves?.any)).toBe(deep);
  });
});

describe('types that cannot be', () => {
  test.each([
    '"Rock"',
    '"Nobody"',
    '"Query"',
    '"Leaves"',
    '"__proto__"',
    '"constructor"',
    '""',
    '7',
    '{}',
    '["Person"]',
    'null',
    'false',
  ])('an object of an interface that says it is %s is null with an error', async (typename) => {
    const left = `{"data":{"being":{"__typename":${typename},"name":"x","id":"1"},"left":"kept"}}`;
    const answer = await answered('{ being { name } left }', { left });
    expect(answer.data).toStrictEqual({ being: null, left: 'kept' });
    expect(paths(answer)).toStrictEqual([['being']]);
  });

  test('an object that says it is another object type than its field has is taken as what the field says', async () => {
    const left = '{"data":{"leaves":{"__typename":"Rock","int":1},"left":"kept"}}';
    expect((await answered('{ leaves { __typename int } left }', { left })).data).toStrictEqual({
      leaves: { __typename: 'Leaves', int: 1 },
      left: 'kept',
    });
  });

  test('in a list the others stay', async () => {
    const left =
      '{"data":{"things":[{"__typename":"Rock","weight":1},{"__typename":"Leaves","int":1},{"weight":2},{"__typename":"Rock","weight":3}]}}';
    const answer = await answered('{ things { __typename ... on Rock { weight } } }', { left });
    const rock = (weight: number) => ({ __typename: 'Rock', weight });
    expect(answer.data).toStrictEqual({ things: [rock(1), null, null, rock(3)] });
    expect(paths(answer)).toContainEqual(['things', 1]);
    expect(paths(answer)).toContainEqual(['things', 2, '__typename']);
  });
});

describe('a subgraph that entities are asked of', () => {
  const source = '{ people { name age } left }';
  const entity = (age: string, typename = '"Person"') => `{"__typename":${typename},"age":${age}}`;
  const kept = (ages: unknown[]) => ({ people: ages.map((age, i) => ({ name: `n${i + 1}`, age })), left: 'kept' });

  test.each([
    ['null for data, and no errors', '{"data":null}'],
    ['nothing', '{}'],
    ['no entities', '{"data":{}}'],
    ['null for entities', '{"data":{"_entities":null}}'],
    ['an object for entities', `{"data":{"_entities":{"0":${entity('1')},"1":${entity('2')}}}}`],
    ['a text for entities', '{"data":{"_entities":"ab"}}'],
    ['too few entities', `{"data":{"_entities":[${entity('1')}]}}`],
    ['too many entities', `{"data":{"_entities":[${entity('1')},${entity('2')},${entity('3')}]}}`],
    ['an empty list of entities', '{"data":{"_entities":[]}}'],
    ['a list for data', `{"data":[${entity('1')},${entity('2')}]}`],
    ['an error without data', '{"errors":[{"message":"no"}]}'],
  ])('%s: what it was asked for is null with an error, and the rest stays', async (_what, right) => {
    const answer = await answered(source, { left: PEOPLE, right });
    expect(answer.data).toStrictEqual(kept([null, null]));
    expect(answer.errors?.length).toBeGreaterThan(0);
    for (const path of paths(answer)) expect(path?.[0]).toBe('people');
  });

  test.each([['7'], ['"x"'], ['true'], ['[]'], [`[${entity('5')}]`]])(
    '%s among the entities costs this entity its fields',
    async (wrong) => {
      const answer = await answered(source, {
        left: PEOPLE,
        right: `{"data":{"_entities":[${wrong},${entity('2')}]}}`,
      });
      expect(answer.data).toStrictEqual(kept([null, 2]));
      expect(paths(answer)).toStrictEqual([['people', 0, 'age']]);
    },
  );

  test('an entity of another type does not change what the first subgraph said it is', async () => {
    for (const typename of ['"Robot"', '"Nobody"', '7', 'null', '{}']) {
      const right = `{"data":{"_entities":[${entity('1', typename)},${entity('2')}]}}`;
      const answer = await answered('{ people { __typename name age } left }', { left: PEOPLE, right });
      const { people } = answer.data as { people: { __typename: string }[] };
      expect(people.map(({ __typename }) => __typename)).toStrictEqual(['Person', 'Person']);
      expect(answer.data).toMatchObject({ people: [{ name: 'n1' }, { name: 'n2', age: 2 }], left: 'kept' });
    }
  });

  test('values of a wrong kind within an entity cost their own field', async () => {
    const right =
      '{"data":{"_entities":[{"age":{},"best":7,"leaves":[],"list":{},"rows":[[1,{"size":2}],3]},{"age":"x","best":[],"leaves":"x","list":[1,"x"],"rows":null}]}}';
    const answer = await answered('{ people { name age best { name } leaves { size } list rows { size } } left }', {
      left: PEOPLE,
      right,
    });
    expect(answer.data).toStrictEqual({
      people: [
        { name: 'n1', age: null, best: null, leaves: null, list: null, rows: [[null, { size: 2 }], null] },
        { name: 'n2', age: null, best: null, leaves: null, list: [1, null], rows: null },
      ],
      left: 'kept',
    });
    const at = paths(answer).map((path) => path?.join('.'));
    for (const path of [
      'people.0.age',
      'people.0.best',
      'people.0.leaves',
      'people.0.list',
      'people.0.rows.0.0',
      'people.0.rows.1',
      'people.1.age',
      'people.1.best',
      'people.1.leaves',
      'people.1.list.1',
    ]) {
      expect(at).toContain(path);
    }
  });

  test('an entity that overwrites a key of the first subgraph with null does not take it away', async () => {
    const right = '{"data":{"_entities":[{"__typename":"Person","id":null,"name":null,"age":1},{"age":2}]}}';
    expect((await answered('{ people { id name age } left }', { left: PEOPLE, right })).data).toStrictEqual({
      people: [
        { id: '1', name: 'n1', age: 1 },
        { id: '2', name: 'n2', age: 2 },
      ],
      left: 'kept',
    });
  });

  test('objects of the first subgraph that cannot be asked for are null in what lies elsewhere', async () => {
    const left =
      '{"data":{"people":[{"__typename":"Person","name":"a"},{"__typename":"Person","id":null,"name":"b"},{"id":"3","name":"c"},{"__typename":"Person","id":"4","name":"d"}],"left":"kept"}}';
    const answer = await answered('{ people { name age } left }', {
      left,
      right: `{"data":{"_entities":[${entity('4')}]}}`,
    });
    const { people } = answer.data as { people: unknown[] };
    expect(people).toHaveLength(4);
    expect(people.map((one) => (one as { name: string } | null)?.name)).toStrictEqual(['a', 'b', 'c', 'd']);
  });
});

describe('keys that JavaScript gives a meaning', () => {
  test('__proto__ in data changes nothing, neither the answer nor anything else', async () => {
    const left =
      '{"data":{"__proto__":{"left":"bad","polluted":1},"person":{"__proto__":{"name":"bad","polluted":1},"__typename":"Person","id":"1"}}}';
    const right =
      '{"data":{"_entities":[{"__proto__":{"age":1,"polluted":1},"constructor":{"prototype":{"polluted":1}}}]}}';
    const answer = await answered('{ left person { name age } }', { left, right });
    expect(answer.data).toStrictEqual({ left: null, person: { name: null, age: null } });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test.each(['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'])(
    '%s is a key like any other',
    async (key) => {
      const left = `{"data":{"${key}":7,"left":"x","person":{"${key}":{"a":1},"__typename":"Person","id":"1","name":"Ada"}}}`;
      expect(await answered('{ left person { name } }', { left })).toStrictEqual({
        data: { left: 'x', person: { name: 'Ada' } },
      });
    },
  );

  test('__proto__ within a custom scalar is passed on as it is', async () => {
    const left = '{"data":{"leaves":{"any":{"__proto__":{"polluted":1},"constructor":2}}}}';
    const answer = await answered('{ leaves { any } }', { left });
    expect(JSON.stringify(answer.data)).toBe('{"leaves":{"any":{"__proto__":{"polluted":1},"constructor":2}}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('errors that say nothing, or nonsense', () => {
  test.each([
    ['without a message', '{}'],
    ['with an empty message', '{"message":""}'],
    ['with a message that is no text', '{"message":{"a":1}}'],
    ['with null for a message', '{"message":null}'],
    ['that is null', 'null'],
    ['that is a text', '"no"'],
    ['that is a list', '[]'],
    ['whose extensions are a text', '{"message":"no","extensions":"x"}'],
    ['whose extensions are a list', '{"message":"no","extensions":[1]}'],
    ['whose extensions would pollute', '{"message":"no","extensions":{"__proto__":{"polluted":1},"code":7}}'],
    ['whose locations are nonsense', '{"message":"no","locations":[{"line":"x"},7,null]}'],
  ])('an error %s still is one error with a message, at the field', async (_what, error) => {
    const answer = await answered('{ left right }', {
      left: `{"data":{"left":null},"errors":[${error}]}`,
      right: '{"data":{"right":"kept"}}',
    });
    expect(answer.data).toStrictEqual({ left: null, right: 'kept' });
    expect(paths(answer)).toStrictEqual([['left']]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test.each([
    '"person"',
    '{}',
    '7',
    'null',
    '[]',
    '[null]',
    '[{}]',
    '[["person"]]',
    '["nowhere"]',
    '["person","nowhere"]',
    '["person",0,"name"]',
    '["person","name","deeper","still"]',
    '[0]',
    '[-1]',
    '[1e400]',
    '["__proto__"]',
    '["person","__proto__","x"]',
    '["constructor","prototype"]',
    '["_entities",0,"name"]',
  ])('an error of the root with the path %s is told once, and the data stays', async (path) => {
    const left = `{"data":{"person":{"__typename":"Person","id":"1","name":"Ada"},"left":"kept"},"errors":[{"message":"odd","path":${path}}]}`;
    const answer = await answered('{ person { name age } left }', {
      left,
      right: '{"data":{"_entities":[{"age":1}]}}',
    });
    expect(answer.data).toStrictEqual({ person: { name: 'Ada', age: 1 }, left: 'kept' });
    expect(answer.errors?.length).toBeGreaterThan(0);
    for (const at of paths(answer)) expect(at).not.toStrictEqual([]);
  });

  test.each([
    '["_entities"]',
    '["_entities",9,"age"]',
    '["_entities",-1,"age"]',
    '["_entities",0.5,"age"]',
    '["_entities","0","age"]',
    '["_entities","__proto__","age"]',
    '["_entities",null]',
    '["people",0,"age"]',
    '["age"]',
    '[]',
    '"_entities"',
    'null',
  ])('an error of entities with the path %s is told, and the data stays', async (path) => {
    const right = `{"data":{"_entities":[{"age":1},{"age":2}]},"errors":[{"message":"odd","path":${path}}]}`;
    const answer = await answered('{ people { name age } left }', { left: PEOPLE, right });
    expect(answer.data).toStrictEqual({
      people: [
        { name: 'n1', age: 1 },
        { name: 'n2', age: 2 },
      ],
      left: 'kept',
    });
    expect(answer.errors?.length).toBeGreaterThan(0);
    for (const at of paths(answer)) expect(at?.[0]).toBe('people');
  });

  test('ten thousand errors at one place are one', async () => {
    const errors = Array.from({ length: 10_000 }, (_, i) => `{"message":"m${i}","path":["left"]}`);
    const answer = await answered('{ left }', { left: `{"data":{"left":null},"errors":[${errors}]}` });
    expect(paths(answer)).toStrictEqual([['left']]);
  });

  test('an error at a place that has a value is told, and the value stays', async () => {
    const answer = await answered('{ person { name } left }', {
      left: ADA.replace(/}$/, ',"errors":[{"message":"odd","path":["person","name"]}]}'),
    });
    expect(answer.data).toStrictEqual({ person: { name: 'Ada' }, left: 'kept' });
    expect(paths(answer)).toStrictEqual([['person', 'name']]);
  });
});

describe('mutations', () => {
  test('where one field fails, those of other subgraphs still run, in order', async () => {
    const before = asked.length;
    const answer = await answered('mutation { change { name } alter touch }', {
      left: '{"data":{"change":{"__typename":"Person","id":"1","name":"Ada"},"touch":1}}',
      right: () => {
        throw new Error('refused');
      },
    });
    expect(asked.slice(before)).toStrictEqual(['left', 'right', 'left']);
    expect(answer.data).toStrictEqual({ change: { name: 'Ada' }, alter: null, touch: 1 });
    expect(paths(answer)).toStrictEqual([['alter']]);
  });

  test('nobody is asked twice, whatever comes back', async () => {
    for (const data of ['null', '{}', '{"alter":{}}', '[]']) {
      const before = asked.length;
      await answered('mutation { alter }', { right: `{"data":${data}}` });
      expect(asked.slice(before)).toStrictEqual(['right']);
    }
  });
});
