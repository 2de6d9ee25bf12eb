/**
 * Errors (6.4.4 handling field errors, 7.1 response format): how far up a null goes, which errors tell of it, where they
 * say it happened, and what stays.
 */
import { describe, expect, test } from 'vitest';
import type { Answer } from '../differential/compare.ts';
import { Fault } from '../differential/world.ts';
import { people } from './people.ts';
import { paths } from './subject.ts';

const broken = () => {
  throw new Fault('here');
};
const person = (id: string, more: object = {}) => ({ __typename: 'Person', id, ...more });

/** With other values for one of the people. */
function withPerson(id: string, values: object): Parameters<typeof people>[0] {
  return (known) => {
    Object.assign(known[`Person-${id}`] ?? {}, values);
    return {};
  };
}

describe('6.4.4 handling field errors', () => {
  /** Data and the paths of the errors, which must be told once each. */
  async function outcome(source: string, more: Record<string, unknown>): Promise<{ data: unknown; at: unknown[] }> {
    const answer = await people(more).answer(source);
    const at = paths(answer).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    expect(new Set(at.map((path) => JSON.stringify(path))).size).toBe(at.length);
    return { data: answer.data, at };
  }

  test('an error in a field that may be null costs this field, and its siblings stay', async () => {
    const box = { int: broken, string: 'x', box: { int: broken, int1: 1 } };
    expect(await outcome('{ box { int string box { int int1 } } right }', { box })).toStrictEqual({
      data: { box: { int: null, string: 'x', box: { int: null, int1: 1 } }, right: 'right' },
      at: [
        ['box', 'box', 'int'],
        ['box', 'int'],
      ],
    });
  });

  test('an error in a field that may not be null costs its parent', async () => {
    const box = { string: 'x', box: { int1: broken, string: 'y' } };
    expect(await outcome('{ box { string box { string int1 } } }', { box })).toStrictEqual({
      data: { box: { string: 'x', box: null } },
      at: [['box', 'box', 'int1']],
    });
  });

  test('the null goes on to the nearest place that may be null', async () => {
    const box = { string: 'x', box: { box1: { box1: { box1: { int1: null } } } } };
    expect(await outcome('{ box { string box { box1 { box1 { box1 { int1 } } } } } }', { box })).toStrictEqual({
      data: { box: { string: 'x', box: null } },
      at: [['box', 'box', 'box1', 'box1', 'box1', 'int1']],
    });
  });

  test('where there is no such place, the whole data is null, not absent', async () => {
    const { data, at } = await outcome('{ right box1 { box1 { int1 } } }', { box1: { box1: { int1: null } } });
    expect(data).toBeNull();
    expect(at).toStrictEqual([['box1', 'box1', 'int1']]);
  });

  test('a root field that may not be null and fails makes the data null, of whichever subgraph', async () => {
    expect(await outcome('{ person { id } sure { id } }', { sure: null })).toStrictEqual({
      data: null,
      at: [['sure']],
    });
    expect(await outcome('{ person { id } sure { id } }', { sure: broken })).toStrictEqual({
      data: null,
      at: [['sure']],
    });
  });

  test('several errors in one list are each told at their own index', async () => {
    const people = [person('1', { name: broken }), person('2', { name: 'Bob' }), person('3', { name: broken })];
    expect(await outcome('{ people { name } }', { people })).toStrictEqual({
      data: { people: [{ name: null }, { name: 'Bob' }, { name: null }] },
      at: [
        ['people', 0, 'name'],
        ['people', 2, 'name'],
      ],
    });
  });

  test('two errors of one object are both told, where both fields may be null', async () => {
    expect(
      await outcome('{ box { int string float } }', { box: { int: broken, string: broken, float: 1 } }),
    ).toStrictEqual({
      data: { box: { int: null, string: null, float: 1 } },
      at: [
        ['box', 'int'],
        ['box', 'string'],
      ],
    });
  });

  test('of two errors that would make one parent null one is enough, and neither is told twice', async () => {
    const { data, at } = await outcome('{ box { box { int1 string1 mood1 } } }', {
      box: { box: { int1: null, string1: broken } },
    });
    expect(data).toStrictEqual({ box: { box: null } });
    expect(at.length).toBeGreaterThan(0);
  });

  test('errors below a null of one branch leave another branch and its errors alone', async () => {
    const box = { b2: [{ int1: null }, { int1: 2 }, { int1: broken }], boxes: [{ int: broken }] };
    expect(await outcome('{ box { b2 { int1 } boxes { int } } }', { box })).toStrictEqual({
      data: { box: { b2: [null, { int1: 2 }, null], boxes: [{ int: null }] } },
      at: [
        ['box', 'b2', 0, 'int1'],
        ['box', 'b2', 2, 'int1'],
        ['box', 'boxes', 0, 'int'],
      ],
    });
  });

  test('one object asked for under two aliases has an error under each', async () => {
    expect(await outcome('{ a: box { x: int } b: box { y: int z: int } }', { box: { int: broken } })).toStrictEqual({
      data: { a: { x: null }, b: { y: null, z: null } },
      at: [
        ['a', 'x'],
        ['b', 'y'],
        ['b', 'z'],
      ],
    });
  });

  test('a null that is allowed is no error, however deep', async () => {
    const box = {
      int: null,
      box: null,
      i2: [null],
      i6: [null, [null]],
      b2: [null],
      thing: null,
      mood: null,
      any: null,
    };
    const source =
      '{ box { int box { int1 } i2 i6 b2 { int1 } thing { __typename } mood any } person(id: "9") { email } }';
    expect(await people({ box }).answer(source)).toStrictEqual({ data: { box, person: null } });
  });

  test('a field that is not there is like null', async () => {
    expect(await outcome('{ box { int box { string } } }', { box: { box: {} } })).toStrictEqual({
      data: { box: { int: null, box: { string: null } } },
      at: [],
    });
    expect(await outcome('{ box { box { int1 } } }', { box: { box: {} } })).toStrictEqual({
      data: { box: { box: null } },
      at: [['box', 'box', 'int1']],
    });
  });
});

describe('6.4.4 across subgraphs', () => {
  test('an error in the second subgraph costs its field, and what the first gave stays', async () => {
    const answer = await people(withPerson('1', { name: 'Ada', age: broken, email: 'e' })).answer(
      '{ person { name age email } }',
    );
    expect(answer.data).toStrictEqual({ person: { name: 'Ada', age: null, email: 'e' } });
    expect(paths(answer)).toStrictEqual([['person', 'age']]);
  });

  test('a forbidden null in the second subgraph costs the entity, in the place where it stands', async () => {
    const answer = await people().answer('{ person { name best { name best { name email } } } }');
    expect(answer.data).toStrictEqual({ person: { name: 'Ada', best: { name: 'Bob', best: null } } });
    expect(paths(answer)).toStrictEqual([['person', 'best', 'best', 'email']]);
  });

  test('the null goes up through places that the first subgraph gave', async () => {
    const answer = await people(({ 'Person-3': eve }) => ({ box: { person1: eve, string: 'x' } })).answer(
      '{ box { string person1 { self { email } } } right }',
    );
    expect(answer.data).toStrictEqual({ box: null, right: 'right' });
    expect(paths(answer)).toStrictEqual([['box', 'person1', 'self', 'email']]);
  });

  test('in a list each entity has its own error, at its own index', async () => {
    const answer = await people((known) => ({
      people: ['1', '3', '2', '3'].map((id) => known[`Person-${id}`]),
    })).answer('{ people { id rival { email } } }');
    // Bob (2) has Eve (3) for a rival, who has no e-mail address.
    expect(answer.data).toStrictEqual({
      people: [
        { id: '1', rival: { email: 'bob@example.org' } },
        { id: '3', rival: { email: 'ada@example.org' } },
        { id: '2', rival: null },
        { id: '3', rival: { email: 'ada@example.org' } },
      ],
    });
    expect(paths(answer)).toStrictEqual([['people', 2, 'rival', 'email']]);
  });

  test('where the elements of the list may not be null, the list is', async () => {
    const answer = await people(({ 'Person-1': ada, 'Person-3': eve }) => ({ people: [ada, eve] })).answer(
      '{ people { email } right }',
    );
    expect(answer.data).toStrictEqual({ people: null, right: 'right' });
    expect(paths(answer)).toStrictEqual([['people', 1, 'email']]);
  });

  test('in lists in lists the path has both indices, under the aliases of the client', async () => {
    const answer = await people(({ 'Person-1': ada, 'Person-2': bob, 'Person-3': eve }) => ({
      grid: [[ada], [bob, null, eve]],
    })).answer('{ rows: grid { mail: email } }');
    expect(answer.data).toStrictEqual({
      rows: [[{ mail: 'ada@example.org' }], [{ mail: 'bob@example.org' }, null, null]],
    });
    expect(paths(answer)).toStrictEqual([['rows', 1, 2, 'mail']]);
  });

  test('one entity in several places has its error in each', async () => {
    const answer = await people(({ 'Person-1': ada, 'Person-3': eve }) => ({ things: [eve, null, eve, ada] })).answer(
      '{ things { ... on Person { years: age e: email } } }',
    );
    expect(answer.data).toStrictEqual({ things: [null, null, null, { years: 36, e: 'ada@example.org' }] });
    expect(paths(answer).sort()).toStrictEqual([
      ['things', 0, 'e'],
      ['things', 2, 'e'],
    ]);
  });

  test('a null on the way up hides what another subgraph still had to say below it', async () => {
    const answer = await people(({ 'Person-1': ada }) => ({ box: { int1: null, person: ada } })).answer(
      '{ box { int1 person { age email rival { age } } } right }',
    );
    expect(answer.data).toStrictEqual({ box: null, right: 'right' });
    expect(paths(answer)).toStrictEqual([['box', 'int1']]);
  });
});

describe('7.1 response format', () => {
  const keys = (answer: Answer) => Object.keys(answer).sort();

  test('without errors there is no entry for errors', async () => {
    expect(keys(await people().answer('{ right }'))).toStrictEqual(['data']);
  });

  test('with errors the list is not empty, and each has a message and a path from the root', async () => {
    const answer = await people({ box: { int: broken, mood: 'UGLY' } }).answer('{ box { int mood } }');
    expect(keys(answer)).toStrictEqual(['data', 'errors']);
    expect(answer.errors).toHaveLength(2);
    for (const error of answer.errors ?? []) {
      expect(error.message).toEqual(expect.any(String));
      expect(error.message).not.toBe('');
      expect(
        Object.keys(error).filter((key) => !['message', 'path', 'locations', 'extensions'].includes(key)),
      ).toStrictEqual([]);
      expect(error.path?.[0]).toBe('box');
    }
  });

  test('a request that was refused has errors and no data', async () => {
    for (const source of ['{ nope }', '{ right', 'query ($v: Int!) { right given(int: $v) }']) {
      expect(keys(await people().answer(source))).toStrictEqual(['errors']);
    }
  });

  test('an execution that failed as a whole has data, which is null', async () => {
    const answer = await people({ sure: null }).answer('{ sure { id } }');
    expect(keys(answer)).toStrictEqual(['data', 'errors']);
    expect(answer.data).toBeNull();
  });
});
