/**
 * Subgraphs that break the rules in what they answer: whatever one of them sends, the response has the shape that the
 * schema promises, an error says what is missing, and what others sent stays.
 */
import { describe, expect, test } from 'vitest';
import { answered } from './broken.ts';
import { paths } from './subject.ts';

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
