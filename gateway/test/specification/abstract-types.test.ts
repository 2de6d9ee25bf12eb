/**
 * Interfaces and unions (3.7, 3.8) whose fields are stricter than what they promise, lie in other subgraphs, or are named
 * as the gateway names its own: the type of the object itself decides.
 */
import { describe, expect, test } from 'vitest';
import { createSubject, paths } from './subject.ts';

const LEFT = `
  interface Shape { id: ID! area: Float parts: [Shape] owner: Owner note(loud: Boolean): String }
  type Square implements Shape @key(fields: "id") { id: ID! area: Float! parts: [Square!]! owner: Owner! note(loud: Boolean, times: Int = 1): String! side: Int }
  type Circle implements Shape @key(fields: "id") { id: ID! area: Float parts: [Shape] owner: Owner note(loud: Boolean): String radius: Int }
  union Owner = Square | Circle
  type Query { shapes: [Shape] strict: [Shape!] one: Shape owner: Owner _0: String _1(a: Int): String odd(a: Int): String }`;
const RIGHT = `
  type Square @key(fields: "id") { id: ID! weight: Int! _0: String _1: Int twin: Circle }
  type Circle @key(fields: "id") { id: ID! weight: Int twin: Circle }
  type Query { right: Int }`;

function graph(root: Record<string, unknown>, entities: Record<string, unknown> = {}) {
  return createSubject({ left: LEFT, right: RIGHT }, () => ({ root, entities }));
}

const square = (id: string, more: object = {}) => ({
  __typename: 'Square',
  id,
  area: 1,
  note: 'n',
  parts: [],
  ...more,
});
const circle = (id: string, more: object = {}) => ({
  __typename: 'Circle',
  id,
  area: 1,
  note: 'n',
  parts: [],
  ...more,
});

describe('3.7 an implementation may be stricter than its interface', () => {
  test('a null that the interface allows and the type forbids costs the object of this type alone', async () => {
    const answer = await graph({
      shapes: [square('1', { area: null }), circle('2', { area: null }), square('3')],
    }).answer('{ shapes { __typename area } }');
    expect(answer.data).toStrictEqual({
      shapes: [null, { __typename: 'Circle', area: null }, { __typename: 'Square', area: 1 }],
    });
    expect(paths(answer)).toStrictEqual([['shapes', 0, 'area']]);
  });

  test('so it does for lists, within lists that forbid nulls', async () => {
    const parts = [square('2'), null];
    const answer = await graph({
      strict: [circle('1', { parts }), circle('3', { parts: [square('4', { parts })] })],
    }).answer('{ strict { parts { id parts { id } } } }');
    expect(answer.data).toStrictEqual({ strict: [{ parts: [{ id: '2', parts: [] }, null] }, { parts: [null] }] });
    expect(paths(answer)).toStrictEqual([['strict', 1, 'parts', 0, 'parts', 1]]);
  });

  test('a type may have arguments that its interface does not name', async () => {
    const note = ({ loud, times }: { loud?: boolean; times?: number }) => `${loud}${times}`;
    const answer = await graph({ shapes: [square('1', { note }), circle('2', { note })] }).answer(
      '{ shapes { n: note(loud: true) ... on Square { m: note(times: 3) note } } }',
    );
    expect(answer.data).toStrictEqual({
      shapes: [{ n: 'true1', m: 'undefined3', note: 'undefined1' }, { n: 'trueundefined' }],
    });
  });

  test('one response name may be the same field with other arguments in exclusive types', async () => {
    const note = ({ loud }: { loud?: boolean }) => String(loud);
    const answer = await graph({ owner: circle('2', { note }) }).answer(
      '{ owner { ... on Square { x: area } ... on Circle { x: area y: note(loud: true) z: radius } ... on Shape { i: id } } }',
    );
    expect('data' in answer).toBe(false);
    const allowed = await graph({ owner: circle('2', { note, radius: 7 }) }).answer(
      '{ owner { ... on Square { z: side } ... on Circle { y: note(loud: true) z: radius } ... on Shape { i: id } } }',
    );
    expect(allowed.data).toStrictEqual({ owner: { y: 'true', z: 7, i: '2' } });
  });
});

describe('fields of other subgraphs in abstract places', () => {
  const shapes = [square('1'), circle('2'), null, square('3'), circle('2')];

  test('each type has its own', async () => {
    const entities = { 'Square-1': { weight: 1 }, 'Square-3': { weight: 3 }, 'Circle-2': { weight: 2 } };
    const values = shapes.map(
      (shape) => shape && { ...shape, ...entities[`${shape.__typename}-${shape.id}` as 'Square-1'] },
    );
    const answer = await graph({ shapes: values }, entities).answer(
      '{ shapes { ... on Square { w: weight } ... on Circle { weight } } }',
    );
    expect(answer.data).toStrictEqual({ shapes: [{ w: 1 }, { weight: 2 }, null, { w: 3 }, { weight: 2 }] });
  });

  test('a forbidden null there costs its own object, an allowed one nothing', async () => {
    const entities = { 'Square-1': { weight: null }, 'Square-3': { weight: 3 }, 'Circle-2': { weight: null } };
    const values = shapes.map(
      (shape) => shape && { ...shape, ...entities[`${shape.__typename}-${shape.id}` as 'Square-1'] },
    );
    const answer = await graph({ shapes: values }, entities).answer(
      '{ shapes { id ... on Square { w: weight } ... on Circle { c: weight } } }',
    );
    expect(answer.data).toStrictEqual({
      shapes: [null, { id: '2', c: null }, null, { id: '3', w: 3 }, { id: '2', c: null }],
    });
    expect(paths(answer)).toStrictEqual([['shapes', 0, 'w']]);
  });

  test('an object that is a part of itself is answered as deep as it is asked', async () => {
    const two: Record<string, unknown> = circle('2', { weight: 2 });
    const one: Record<string, unknown> = square('1', { weight: 1, owner: two, twin: two });
    Object.assign(two, { parts: [two, one], owner: one, twin: two });
    const answer = await graph({ one: two }, { 'Circle-2': two, 'Square-1': one }).answer(
      '{ one { parts { id owner { ... on Square { w: weight twin { id twin { weight } } } ... on Circle { weight parts { owner { __typename } } } } } } }',
    );
    expect(answer.data).toStrictEqual({
      one: {
        parts: [
          { id: '2', owner: { w: 1, twin: { id: '2', twin: { weight: 2 } } } },
          {
            id: '1',
            owner: { weight: 2, parts: [{ owner: { __typename: 'Square' } }, { owner: { __typename: 'Circle' } }] },
          },
        ],
      },
    });
  });
});

describe('2.1.9 names', () => {
  test('fields of the schema may have names that the gateway gives to fields of its own', async () => {
    const one = square('1', { weight: 1, _0: 'zero', _1: 1 });
    const odd = ({ a }: { a?: number }) => `odd ${a}`;
    const root = { one, _0: 'root', _1: ({ a }: { a?: number }) => `one ${a}`, odd };
    const answer = await graph(root, { 'Square-1': one }).answer(
      '{ x: odd(a: 1) y: odd(a: 2) _0 _1(a: 3) one { a: id b: area ... on Square { c: weight _0 _1 d: side } } }',
    );
    expect(answer.data).toStrictEqual({
      x: 'odd 1',
      y: 'odd 2',
      _0: 'root',
      _1: 'one 3',
      one: { a: '1', b: 1, c: 1, _0: 'zero', _1: 1, d: null },
    });
  });
});
