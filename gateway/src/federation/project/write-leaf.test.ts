import { buildSchema, type GraphQLLeafType, GraphQLScalarType } from 'graphql';
import { expect, test } from 'vitest';
import { compileLeaf, type LeafShape } from './write-leaf.ts';

const schema = buildSchema('enum Colour { RED } scalar Any type Query { f: Float, i: Int, c: Colour, a: Any, id: ID }');
const write = (leaf: LeafShape, value: unknown) => leaf.glance(value) ?? leaf.write(value);
const writer = (name: string) => (value: unknown) => write(compileLeaf(schema.getType(name) as GraphQLLeafType), value);

test('numbers are written as JSON.stringify writes them', () => {
  for (const value of [0, -0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]) expect(writer('Int')(value)).toBe(JSON.stringify(value));
  for (const value of [0.1, -0, 1e21, 1e-7, Number.MAX_VALUE])
    expect(writer('Float')(value)).toBe(JSON.stringify(value));
});

test('what a type does not allow is refused', () => {
  const bad: [string, unknown][] = [
    ['Int', 2 ** 31],
    ['Int', 1.5],
    ['Float', Number.POSITIVE_INFINITY],
    ['Colour', 'BLUE'],
    ['Colour', 'constructor'],
    ['String', {}],
    ['Boolean', 'no'],
    ['ID', 1.5],
  ];
  for (const [name, value] of bad) expect(() => writer(name)(value), `${name} ${value}`).toThrow();
});

test('what a type converts is converted, and what it makes nothing of is null', () => {
  expect([writer('ID')(7), writer('String')(true), writer('Boolean')(1), writer('Int')('5')]).toEqual([
    '"7"',
    '"true"',
    'true',
    '5',
  ]);
  expect(writer('Any')({ a: ['"'] })).toBe('{"a":["\\""]}');
  expect(write(compileLeaf(new GraphQLScalarType({ name: 'Nothing', serialize: () => undefined })), 'x')).toBe(null);
});
