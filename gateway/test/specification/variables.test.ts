/**
 * What an operation hands to fields: variables (6.1.2), arguments (6.4.1), input coercion (3.5, 3.9 to 3.12), and which
 * operation of a document runs (6.1).
 */
import { describe, expect, test } from 'vitest';
import { people } from './people.ts';

type Variables = Readonly<Record<string, unknown>>;

/** What the subgraph was given, beside the arguments that have a default. */
async function given(source: string, variables?: Variables): Promise<unknown> {
  const answer = await people().answer(source, { variables });
  expect(answer.errors).toBeUndefined();
  return (answer.data as Record<string, unknown>).given;
}

async function isRefused(source: string, variables?: Variables): Promise<boolean> {
  const subject = people();
  const answer = await subject.answer(source, { variables });
  expect(subject.asked).toHaveLength('data' in answer ? 1 : 0);
  return !('data' in answer);
}

const DEFAULTS = { int1: 5, string: 'text', mood: 'GOOD', points: [{ x: 1, y: 7, z: 9 }] };

describe('6.4.1 coercing field arguments', () => {
  test('an argument that is not given has its default, or is absent without one', async () => {
    expect(await given('{ given }')).toStrictEqual(DEFAULTS);
  });

  test('null is null and not the default', async () => {
    expect(await given('{ given(string: null, mood: null, points: null, int: null) }')).toStrictEqual({
      int1: 5,
      string: null,
      mood: null,
      points: null,
      int: null,
    });
  });

  test('a variable that is not given leaves the argument to its default, or absent', async () => {
    const source = 'query ($s: String, $i: Int) { given(string: $s, int: $i) }';
    expect(await given(source)).toStrictEqual(DEFAULTS);
    expect(await given(source, {})).toStrictEqual(DEFAULTS);
  });

  test('a variable that is null makes the argument null', async () => {
    const source = 'query ($s: String, $i: Int) { given(string: $s, int: $i) }';
    expect(await given(source, { s: null, i: null })).toStrictEqual({ ...DEFAULTS, string: null, int: null });
  });

  test('the default of a variable comes before that of the argument', async () => {
    const source = 'query ($s: String = "mine", $i: Int = null) { given(string: $s, int: $i) }';
    expect(await given(source)).toStrictEqual({ ...DEFAULTS, string: 'mine', int: null });
    expect(await given(source, { s: null, i: 3 })).toStrictEqual({ ...DEFAULTS, string: null, int: 3 });
  });

  test('a nullable variable may stand for a non-null argument with a default (5.8.5)', async () => {
    const source = 'query ($i: Int) { given(int1: $i) }';
    expect(await given(source)).toStrictEqual(DEFAULTS);
    expect(await given(source, { i: 8 })).toStrictEqual({ ...DEFAULTS, int1: 8 });
  });

  test('null for it is an error of the field, and the rest of the answer stays', async () => {
    const answer = await people().answer('query ($i: Int) { given(int1: $i) right person { id } }', {
      variables: { i: null },
    });
    expect(answer.data).toStrictEqual({ given: null, right: 'right', person: { id: '1' } });
    expect(answer.errors?.map(({ path }) => path)).toStrictEqual([['given']]);
  });

  test('variables reach every subgraph that needs them, each those it needs', async () => {
    const answer = await people().answer(
      'query ($a: String, $b: Boolean!) { person { tags(of: $a) nick(short: $b) rival { t: tags(of: $a) } } }',
      { variables: { a: 'x', b: true } },
    );
    expect(answer.data).toStrictEqual({ person: { tags: { of: 'x' }, nick: 'A', rival: { t: { of: 'x' } } } });
  });

  test('a variable may have any name, those of the engine included', async () => {
    const source =
      'query ($representations: String, $query: Boolean!) { person { tags(of: $representations) nick(short: $query) } }';
    const answer = await people().answer(source, { variables: { representations: 'r', query: false } });
    expect(answer.data).toStrictEqual({ person: { tags: { of: 'r' }, nick: 'Addy' } });
  });

  test('so may several at once, and those that the gateway would call them instead', async () => {
    const source = `query ($representations: String, $_representations: String, $contextualArgument_1_0: Size, $representations_: Boolean!) {
      person { a: tags(of: $representations) b: tags(of: $_representations) nick(short: $representations_, size: $contextualArgument_1_0) } }`;
    const variables = {
      representations: 'r',
      _representations: 's',
      representations_: true,
      contextualArgument_1_0: 'LARGE',
    };
    const answer = await people().answer(source, { variables });
    expect(answer.data).toStrictEqual({ person: { a: { of: 'r' }, b: { of: 's' }, nick: 'ALARGE' } });
  });

  test('a variable that only introspection or a condition needs goes to no subgraph', async () => {
    const source =
      'query ($n: String!, $v: Boolean!, $of: String) { __type(name: $n) { name } person { age @skip(if: $v) tags(of: $of) } }';
    const answer = await people().answer(source, { variables: { n: 'Cave', v: true, of: 'x' } });
    expect(answer.data).toStrictEqual({ __type: { name: 'Cave' }, person: { tags: { of: 'x' } } });
  });

  test('arguments within lists and input objects may be variables', async () => {
    const source =
      'query ($x: Int!, $t: String = "t", $none: Int) { given(point: { x: $x, tags: [$t, "u"], y: $none }, list: [$x, 2, null]) }';
    expect(await given(source, { x: 4 })).toStrictEqual({
      ...DEFAULTS,
      point: { x: 4, tags: ['t', 'u'], y: 7, z: 9 },
      list: [4, 2, null],
    });
  });
});

describe('6.1.2 coercing variable values', () => {
  test('a variable that is not declared is ignored', async () => {
    expect(await given('{ given }', { more: 1, __proto__x: 2 })).toStrictEqual(DEFAULTS);
  });

  test('a variable that may not be null must be given', async () => {
    expect(await isRefused('query ($i: Int!) { given(int: $i) }')).toBe(true);
    expect(await isRefused('query ($i: Int!) { given(int: $i) }', { i: null })).toBe(true);
    expect(await isRefused('query ($i: Int! = 1) { given(int: $i) }', { i: null })).toBe(true);
    expect(await given('query ($i: Int! = 1) { given(int: $i) }')).toStrictEqual({ ...DEFAULTS, int: 1 });
  });

  test('a list takes a single value as its only element (3.11)', async () => {
    expect(await given('query ($l: [Int], $r: [[Int]]) { given(list: $l, rows: $r) }', { l: 1, r: 2 })).toStrictEqual({
      ...DEFAULTS,
      list: [1],
      rows: [[2]],
    });
    expect(await given('{ given(list: 1, rows: 2) }')).toStrictEqual({ ...DEFAULTS, list: [1], rows: [[2]] });
    expect(await given('query ($r: [[Int]]) { given(rows: $r) }', { r: [1, [2], null] })).toStrictEqual({
      ...DEFAULTS,
      rows: [[1], [2], null],
    });
    expect(await given('query ($l: [Int]) { given(list: $l) }', { l: null })).toStrictEqual({
      ...DEFAULTS,
      list: null,
    });
  });

  test('null among the elements of a list is refused where they may not be null (3.12.1)', async () => {
    expect(await isRefused('query ($l: [Int!]) { given(list1: $l) }', { l: [1, null] })).toBe(true);
    expect(await isRefused('{ given(list1: [1, null]) }')).toBe(true);
    expect(await given('query ($l: [Int]) { given(list: $l) }', { l: [1, null] })).toStrictEqual({
      ...DEFAULTS,
      list: [1, null],
    });
  });

  test('an input object gets the defaults of its fields, and no entry for what was not given (3.10)', async () => {
    expect(
      await given('query ($p: Point) { given(point: $p) }', { p: { x: 1, inner: { x: 2, y: null } } }),
    ).toStrictEqual({
      ...DEFAULTS,
      point: { x: 1, y: 7, z: 9, inner: { x: 2, y: null, z: 9 } },
    });
  });

  test.each([
    ['a field is missing', {}],
    ['a field that may not be null is', { x: null }],
    ['a field with a default that may not be null is', { x: 1, z: null }],
    ['a field is unknown', { x: 1, w: 2 }],
    ['a field is of the wrong type', { x: 'one' }],
    ['a field within a field is missing', { x: 1, inner: {} }],
    ['it is a list', [[1]]],
    ['it is a text', 'x'],
  ])('an input object is refused if %s (3.10)', async (_why, p) => {
    expect(await isRefused('query ($p: Point) { given(point: $p) }', { p })).toBe(true);
  });

  test.each([
    ['Int', 'int', [1, -5, 2 ** 31 - 1, -(2 ** 31)], [2 ** 31, 1.5, '1', true, {}, 1e100]],
    ['Float', 'float', [1, 1.5, -0.25, 1e100], ['1', true, {}]],
    ['String', 'string', ['', 'ünï "q" \n \\ \u2028 😀'], [1, true, {}]],
    ['Boolean', 'boolean', [true, false], [1, 0, 'true', {}]],
    ['Mood', 'mood', ['GOOD', 'BAD'], ['UGLY', 'SECRET', 'good', 1, {}]],
  ])('3.5, 3.9: %s takes its own values and no others', async (type, field, good, bad) => {
    const source = `query ($v: ${type}) { given(${field}: $v) }`;
    for (const v of good) expect(await given(source, { v })).toStrictEqual({ ...DEFAULTS, [field]: v });
    for (const v of bad) expect(await isRefused(source, { v }), JSON.stringify(v)).toBe(true);
  });

  test('3.5.5: an ID may be a text or an integer, and is a text', async () => {
    const source = 'query ($v: ID) { given(id: $v) }';
    expect(await given(source, { v: 'a' })).toStrictEqual({ ...DEFAULTS, id: 'a' });
    expect(await given(source, { v: 7 })).toStrictEqual({ ...DEFAULTS, id: '7' });
    expect(await given('{ given(id: 7) }')).toStrictEqual({ ...DEFAULTS, id: '7' });
    for (const v of [1.5, true, {}]) expect(await isRefused(source, { v })).toBe(true);
  });

  test('3.5.2: an Int is taken where a Float is asked for', async () => {
    expect(await given('{ given(float: 3) }')).toStrictEqual({ ...DEFAULTS, float: 3 });
  });

  test('3.5: a custom scalar takes any value, as a variable and written out', async () => {
    const any = { a: [1, 'x', null, { b: false }], __typename: 'x', 'odd key': 1 };
    expect(await given('query ($v: Any) { given(any: $v) }', { v: any })).toStrictEqual({ ...DEFAULTS, any });
    expect(await given('{ given(any: { a: [1, "x", null, { b: false }], e: WORD, f: 1.5 }) }')).toStrictEqual({
      ...DEFAULTS,
      any: { a: [1, 'x', null, { b: false }], e: 'WORD', f: 1.5 },
    });
    expect(await given('query ($v: Int) { given(any: { a: [$v], b: $v }) }', { v: 3 })).toStrictEqual({
      ...DEFAULTS,
      any: { a: [3], b: 3 },
    });
  });

  test.each([
    '{ given(int: "1") }',
    '{ given(int: 1.5) }',
    '{ given(int: 2147483648) }',
    '{ given(boolean: 1) }',
    '{ given(string: 1) }',
    '{ given(mood: "GOOD") }',
    '{ given(mood: UGLY) }',
    '{ given(mood: SECRET) }',
    '{ given(int1: null) }',
    '{ given(unknown: 1) }',
    '{ given(point: { y: 1 }) }',
    '{ given(point: { x: 1, w: 1 }) }',
    '{ given(point: { x: 1, x: 2 }) }',
    '{ given(int: 1, int: 2) }',
    '{ must }',
    '{ must(int: null) }',
    'query ($i: Int) { must(int: $i) }',
    'query ($i: String) { given(int: $i) }',
    'query ($i: [Int]) { given(list1: $i) }',
    'query ($i: Int, $i: Int) { given(int: $i) }',
    'query ($i: Person) { given(int: $i) }',
    'query ($i: Int = "x") { given(int: $i) }',
    '{ given(int: $i) }',
    'query ($i: Int) { given }',
  ])('5.6, 5.8: %s is refused, and nobody is asked', async (source) => {
    expect(await isRefused(source, { i: 1 })).toBe(true);
  });
});

describe('6.1 GetOperation', () => {
  const source = 'query A { person { id } } query B { right } mutation C { nothing } fragment F on Query { right }';
  const two = 'query A { person { id } } query B { ...F } fragment F on Query { right }';

  test('the operation of the given name runs', async () => {
    expect(await people().answer('query A { person { id } } query B { right }', { operationName: 'A' })).toStrictEqual({
      data: { person: { id: '1' } },
    });
    expect(await people().answer('query A { person { id } } query B { right }', { operationName: 'B' })).toStrictEqual({
      data: { right: 'right' },
    });
  });

  test('the only operation runs without a name, and by its name', async () => {
    expect(await people().answer('query A { right }')).toStrictEqual({ data: { right: 'right' } });
    expect(await people().answer('query A { right }', { operationName: 'A' })).toStrictEqual({
      data: { right: 'right' },
    });
  });

  test.each([
    ['several operations and no name', 'query A { right } query B { right }', undefined],
    ['a name that no operation has', 'query A { right }', 'Z'],
    ['a name for an operation without one', '{ right }', 'Z'],
    ['no operation at all', 'fragment F on Query { right }', undefined],
    ['an invalid operation beside the one that is asked for', source, 'A'],
    [
      'a fragment that only another operation uses is no fault, its undefined field is',
      two.replace('right }', 'nope }'),
      'A',
    ],
    ['a document that does not parse', 'query A { right', undefined],
    ['an empty document', '', undefined],
  ])('%s: the request is refused', async (_why, document, operationName) => {
    expect('data' in (await people().answer(document, { operationName }))).toBe(false);
  });

  test('each operation has variables of its own', async () => {
    const document = 'query A($v: Int!) { given(int: $v) } query B($v: String!) { given(string: $v) }';
    expect((await people().answer(document, { operationName: 'A', variables: { v: 1 } })).data).toMatchObject({
      given: { int: 1 },
    });
    expect((await people().answer(document, { operationName: 'B', variables: { v: 'x' } })).data).toMatchObject({
      given: { string: 'x' },
    });
    expect('data' in (await people().answer(document, { operationName: 'A', variables: { v: 'x' } }))).toBe(false);
  });
});
