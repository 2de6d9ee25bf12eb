import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import type { Data } from '../compile/data.ts';
import { compileRepresentation } from '../compile/representations.ts';
import { createTypeTest } from '../compile/type-conditions.ts';
import { Entities } from './entities.ts';

const isA = createTypeTest(buildSchema('type P { id: ID } type Q { id: ID } type Query { p: P, q: Q }'));
const leaf = (name: string) => ({ kind: 'Field' as const, name });
const field = (name: string, below?: string) => ({ ...leaf(name), ...(below && { selections: [leaf(below)] }) });

function gather(
  required: ReturnType<typeof field>[],
  objects: Data[],
  mayLack: (key: string) => boolean = () => false,
) {
  const represent = compileRepresentation([field('__typename'), ...required], undefined, isA);
  const entities = new Entities(represent, '');
  const added = objects.map((object) => entities.add(object, mayLack));
  const { representations, places } = entities;
  return { representations: representations.map((text) => JSON.parse(text)), places, added, objects: entities.objects };
}

const p = (more: object) => ({ __typename: 'P', ...more });

test('equal representations are one, whatever else the objects hold; places are kept in order', () => {
  const objects = [p({ id: '1', x: 1 }), p({ id: '2' }), p({ id: '1', x: 2 }), { __typename: 'Q', id: '1' }];
  const { representations, places } = gather([field('id')], objects);
  expect(representations).toEqual([p({ id: '1' }), p({ id: '2' }), { __typename: 'Q', id: '1' }]);
  expect(places).toEqual([[objects[0], objects[2]], [objects[1]], [objects[3]]]);
});

test('values of several keys are told apart, and so are a number and its text', () => {
  const objects = [
    p({ a: 1, b: 'x' }),
    p({ a: 1, b: 'y' }),
    p({ a: '1', b: 'x' }),
    p({ a: 1, b: null }),
    p({ a: 1, b: 'x' }),
  ];
  const { representations, places } = gather([field('a'), field('b')], objects);
  expect(representations).toEqual(objects.slice(0, 4));
  expect(places[0]).toEqual([objects[0], objects[4]]);
});

test('what holds objects or lists is told apart by its text', () => {
  const objects = [p({ a: { b: 1 } }), p({ a: { b: 2 } }), p({ a: { b: 1 } }), p({ a: [] }), p({ a: [] })];
  for (const required of [field('a', 'b'), field('a')]) {
    expect(gather([required], objects).representations).toEqual([objects[0], objects[1], objects[3]]);
  }
});

test('what lacks a field is left out, unless it may lack it', () => {
  const objects = [p({ a: 1, b: 2 }), p({ a: 1 }), p({ a: 1 }), { a: 1, b: 2 }];
  const required = [field('a'), field('b')];
  expect(gather(required, objects)).toMatchObject({ added: [true, false, false, false], objects: [objects[0]] });
  expect(gather(required, objects, (key) => key !== '__typename').representations).toEqual([objects[0], objects[1]]);
});
