import { buildSchema, Kind, parse } from 'graphql';
import { expect, test } from 'vitest';
import { GatewayPolicy } from '../config.ts';
import { limitCost } from './limit-operation.ts';
import { costOf } from './operation-cost.ts';

const schema = buildSchema('type Query { a(first: Float): [A!] } type A { a(first: Float): [A!] b: Int }');
const [operation] = parse('query ($n: Float) { a(first: 0) { a(first: $n) { b } } }').definitions;
if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation');
const formula = costOf(schema, { operation, fragments: {} }, 10);
const policy = GatewayPolicy.parse({});

test('a size that no number can hold is refused, whatever it is multiplied with', () => {
  expect(() => limitCost(formula, JSON.parse('{"n":1e400}'), policy)).toThrow(/bring too much/);
  expect(() => limitCost(formula, { n: 100 }, policy)).not.toThrow();
});

test('variables that are no map are left to who coerces them', () => {
  for (const variables of [undefined, null, 7, 'text', [1]]) {
    expect(() => limitCost(formula, variables, policy)).not.toThrow();
  }
});
