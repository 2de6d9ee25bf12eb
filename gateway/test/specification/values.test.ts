/**
 * Value completion (6.4.3) and result coercion (3.5, 3.9, 3.11): what a value must be to stand where its type says.
 */
import { describe, expect, test } from 'vitest';
import { people } from './people.ts';
import { paths } from './subject.ts';

const NOTHING = Symbol('nothing');

/** The value of a field for what its resolver gives, or NOTHING where that is an error at the field. */
async function completed(field: string, value: unknown): Promise<unknown> {
  const answer = await people({ box: { [field]: value } }).answer(`{ box { ${field} } }`);
  const { box } = answer.data as { box: Record<string, unknown> };
  if (!answer.errors) return box[field];
  expect(paths(answer)).toStrictEqual([['box', field]]);
  expect(box[field]).toBeNull();
  return NOTHING;
}

describe('result coercion of leaves', () => {
  test.each<[string, string, unknown, unknown]>([
    ['3.5.1 Int', 'int', 0, 0],
    ['3.5.1 Int', 'int', -7, -7],
    ['3.5.1 Int', 'int', 2 ** 31 - 1, 2 ** 31 - 1],
    ['3.5.1 Int', 'int', -(2 ** 31), -(2 ** 31)],
    ['3.5.1 Int', 'int', 2 ** 31, NOTHING],
    ['3.5.1 Int', 'int', -(2 ** 31) - 1, NOTHING],
    ['3.5.1 Int', 'int', 1.5, NOTHING],
    ['3.5.1 Int', 'int', 1e21, NOTHING],
    ['3.5.1 Int', 'int', 'one', NOTHING],
    ['3.5.1 Int', 'int', '', NOTHING],
    ['3.5.1 Int', 'int', '7', 7],
    ['3.5.1 Int', 'int', true, 1],
    ['3.5.1 Int', 'int', [1], NOTHING],
    ['3.5.1 Int', 'int', { a: 1 }, NOTHING],
    ['3.5.2 Float', 'float', 1, 1],
    ['3.5.2 Float', 'float', -0.5, -0.5],
    ['3.5.2 Float', 'float', 1e300, 1e300],
    ['3.5.2 Float', 'float', 1e-7, 1e-7],
    ['3.5.2 Float', 'float', 2 ** 53, 2 ** 53],
    ['3.5.2 Float', 'float', '1.5', 1.5],
    ['3.5.2 Float', 'float', 'x', NOTHING],
    ['3.5.2 Float', 'float', '', NOTHING],
    ['3.5.2 Float', 'float', false, 0],
    ['3.5.2 Float', 'float', {}, NOTHING],
    ['3.5.3 String', 'string', '', ''],
    ['3.5.3 String', 'string', '"\\\u2028\u{1F600}\n\t\u0001</script>', '"\\\u2028\u{1F600}\n\t\u0001</script>'],
    ['3.5.3 String', 'string', '__proto__', '__proto__'],
    ['3.5.3 String', 'string', 'half of a pair: \ud83d', 'half of a pair: \ud83d'],
    ['3.5.3 String', 'string', 1.5, '1.5'],
    ['3.5.3 String', 'string', true, 'true'],
    ['3.5.3 String', 'string', {}, NOTHING],
    ['3.5.3 String', 'string', ['x'], NOTHING],
    ['3.5.4 Boolean', 'boolean', true, true],
    ['3.5.4 Boolean', 'boolean', false, false],
    ['3.5.4 Boolean', 'boolean', 0, false],
    ['3.5.4 Boolean', 'boolean', 2, true],
    ['3.5.4 Boolean', 'boolean', 'true', NOTHING],
    ['3.5.4 Boolean', 'boolean', {}, NOTHING],
    ['3.5.5 ID', 'id', 'a', 'a'],
    ['3.5.5 ID', 'id', '', ''],
    ['3.5.5 ID', 'id', 7, '7'],
    ['3.5.5 ID', 'id', -0, '0'],
    ['3.5.5 ID', 'id', 1.5, NOTHING],
    ['3.5.5 ID', 'id', true, NOTHING],
    ['3.5.5 ID', 'id', {}, NOTHING],
    ['3.9 an enum', 'mood', 'GOOD', 'GOOD'],
    ['3.9 an enum', 'mood', 'UGLY', NOTHING],
    ['3.9 an enum', 'mood', 'good', NOTHING],
    ['3.9 an enum', 'mood', 'constructor', NOTHING],
    ['3.9 an enum', 'mood', '', NOTHING],
    ['3.9 an enum', 'mood', 0, NOTHING],
    ['3.9 an enum', 'mood', ['GOOD'], NOTHING],
    ['3.9 an enum that clients may not see all of', 'mood', 'SECRET', NOTHING],
  ])('%s: %s of %j is %j', async (_type, field, value, expected) => {
    expect(await completed(field, value)).toStrictEqual(expected);
  });

  test.each([
    [0],
    [false],
    [''],
    [[]],
    [{}],
    [[1, [null, 'x'], { a: { b: [] } }]],
    [{ __typename: 'Person', id: '1', name: { errors: [] } }],
    [{ 'odd "key"\n': '\u2028', 1: 'one', b: 2, a: 1 }],
  ])('3.5: a custom scalar is passed on as it is: %j', async (value) => {
    expect(JSON.stringify(await completed('any', value))).toBe(JSON.stringify(value));
  });

  test('equal rules hold for entities of another subgraph', async () => {
    const sure = { __typename: 'Person', id: '1' };
    const answer = await people({ sure: { ...sure, age: 'old', scores: [1, 'two'], tags: { a: 1 } } }).answer(
      '{ sure { age scores tags } }',
    );
    expect(answer.data).toStrictEqual({ sure: { age: null, scores: null, tags: { a: 1 } } });
    expect(paths(answer).sort()).toStrictEqual([
      ['sure', 'age'],
      ['sure', 'scores', 1],
    ]);
  });
});

describe('3.11 lists', () => {
  test('an empty list is an empty list, at every depth', async () => {
    expect(await completed('i2', [])).toStrictEqual([]);
    expect(await completed('i9', [])).toStrictEqual([]);
    expect(await completed('i6', [[], [[]].flat(), null])).toStrictEqual([[], [], null]);
  });

  test.each([[7], ['text'], [true], [{ length: 1, 0: 1 }]])(
    '%j is no list, and an error where one must be',
    async (value) => {
      expect(await completed('i2', value)).toBe(NOTHING);
    },
  );

  test('an error in one element costs this element, where it may be null', async () => {
    const answer = await people({ box: { i2: [1, 'x', 3, 'y', null] } }).answer('{ box { i2 } }');
    expect(answer.data).toStrictEqual({ box: { i2: [1, null, 3, null, null] } });
    expect(paths(answer).sort()).toStrictEqual([
      ['box', 'i2', 1],
      ['box', 'i2', 3],
    ]);
  });

  test('an element that is no list, in a list of lists, is null with an error', async () => {
    const answer = await people({ box: { i6: [[1], 2, null, [3, 'x']] } }).answer('{ box { i6 } }');
    expect(answer.data).toStrictEqual({ box: { i6: [[1], null, null, [3, null]] } });
    expect(paths(answer).sort()).toStrictEqual([
      ['box', 'i6', 1],
      ['box', 'i6', 3, 1],
    ]);
  });

  test('a long list is complete and in order', async () => {
    const items = Array.from({ length: 5_000 }, (_, i) => (i % 7 === 0 ? null : i));
    expect(await completed('i2', items)).toStrictEqual(items);
  });
});

describe('6.4.3 ResolveAbstractType', () => {
  test.each(['Nobody', 'Box', 'Being', 'Query', 'String', '__Type', 'constructor', ''])(
    'an object that says it is a %s cannot stand for a union that has no such member',
    async (__typename) => {
      const answer = await people({ box: { thing: { __typename }, string: 'x' } }).answer(
        '{ box { thing { __typename } string } }',
      );
      expect(answer.data).toStrictEqual({ box: { thing: null, string: 'x' } });
      expect(paths(answer)).toStrictEqual([['box', 'thing']]);
    },
  );

  test('an object type that does not implement the interface cannot stand for it', async () => {
    const answer = await people({ being: { __typename: 'Rock', weight: 1 } }).answer('{ being { name } right }');
    expect(answer.data).toStrictEqual({ being: null, right: 'right' });
    expect(paths(answer)).toStrictEqual([['being']]);
  });

  test('each element of a list is of its own type; one of a wrong type costs itself', async () => {
    const rock = { __typename: 'Rock', weight: 1 };
    const answer = await people((known) => ({ things: [rock, { __typename: 'Box' }, known['Person-1']] })).answer(
      '{ things { __typename ... on Person { age } ... on Rock { weight } } }',
    );
    expect(answer.data).toStrictEqual({
      things: [{ __typename: 'Rock', weight: 1 }, null, { __typename: 'Person', age: 36 }],
    });
    expect(paths(answer)).toStrictEqual([['things', 1]]);
  });
});

describe('4.1 __typename', () => {
  test('is the object type at every level, under every alias, of every kind of place', async () => {
    const answer = await people().answer(
      `{ __typename r: __typename person { __typename t: __typename best { __typename age } cave { __typename dweller { k: __typename email } } }
         beings { __typename ... on Pet { p: __typename } } things { u: __typename } grid { __typename } }`,
    );
    const typed = { __typename: 'Person' };
    expect(answer).toStrictEqual({
      data: {
        __typename: 'Query',
        r: 'Query',
        person: {
          __typename: 'Person',
          t: 'Person',
          best: { __typename: 'Person', age: null },
          cave: { __typename: 'Cave', dweller: { k: 'Person', email: 'ada@example.org' } },
        },
        beings: [typed, null, { __typename: 'Dog', p: 'Dog' }, { __typename: 'Cat', p: 'Cat' }],
        things: [{ u: 'Rock' }, { u: 'Cat' }, null, { u: 'Person' }],
        grid: [[typed, null], [typed]],
      },
    });
  });

  test('is answered for the root without asking a subgraph', async () => {
    const subject = people();
    expect(await subject.answer('{ a: __typename b: __typename }')).toStrictEqual({ data: { a: 'Query', b: 'Query' } });
    expect(subject.asked).toStrictEqual([]);
  });

  test('another field may take its name as an alias only if it is __typename', async () => {
    expect('data' in (await people().answer('{ person { __typename: name __typename } }'))).toBe(false);
  });
});
