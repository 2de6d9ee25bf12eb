import { buildSchema, getVariableValues, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { expect, test } from 'vitest';
import { compilePlainVariables } from './plain-variables.ts';
import type { PlannedOperation } from './plan/plan-operation.ts';

const schema = buildSchema(
  'enum Colour { RED } input In { a: Int } scalar Any type Query { x(i: In, a: Any, c: Colour): Int }',
);

function declared(variables: string, conditions: readonly string[] = []) {
  const [operation] = parse(`query (${variables}) { x }`).definitions;
  expect(operation?.kind).toBe(Kind.OPERATION_DEFINITION);
  const node = operation as OperationDefinitionNode;
  const read = compilePlainVariables({
    supergraph: { schema },
    operation: node,
    conditions,
  } as unknown as PlannedOperation);
  return { read, node };
}

const VALUES = [
  null,
  'RED',
  'x',
  '',
  '\u0000',
  '\ud83d',
  1,
  0,
  -1,
  1.5,
  2 ** 31,
  true,
  false,
  {},
  { a: 1 },
  [],
  [1],
  ['x'],
  [null],
  [[1]],
];
const TYPES = [
  'String',
  'ID',
  'Int',
  'Float',
  'Boolean',
  'Colour',
  'In',
  'Any',
  '[Int]',
  '[Int!]',
  '[[Int]!]',
  '[ID!]',
];

test('what is taken the short way is what graphql-js makes of it', () => {
  let taken = 0;
  for (const type of TYPES.flatMap((name) => [name, `${name}!`])) {
    const { read, node } = declared(`$v: ${type}`);
    for (const inputs of [{}, { other: 1 }, ...VALUES.map((v) => ({ v }))]) {
      const plain = read(inputs);
      if (!plain) continue;
      taken += 1;
      const { coerced } = getVariableValues(schema, node.variableDefinitions ?? [], inputs);
      expect(plain, `${type} ${JSON.stringify(inputs)}`).toEqual(coerced);
    }
  }
  expect(taken).toBeGreaterThan(50);
});

test('values of the declared types take the short way', () => {
  const { read } = declared('$s: String!, $i: [Int!], $c: Colour, $b: Boolean');
  expect(read({ s: 'x', i: [1, 2], c: 'RED', unknown: 1 })).toEqual({ s: 'x', i: [1, 2], c: 'RED' });
});

test('defaults, input objects, custom scalars and texts that no database holds take the long way', () => {
  expect(declared('$s: String = "x"').read({})).toBe(null);
  expect(declared('$i: In').read({ i: { a: 1 } })).toBe(null);
  expect(declared('$a: Any').read({ a: 1 })).toBe(null);
  expect(declared('$s: [String]').read({ s: ['\u0000'] })).toBe(null);
});

test('a null that decides what is asked takes the long way', () => {
  expect(declared('$b: Boolean', ['b']).read({ b: null })).toBe(null);
  expect(declared('$b: Boolean', ['b']).read({ b: true })).toEqual({ b: true });
});
