import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { fetchesOf } from '../compile/compile-plan.ts';
import { createPlanCache } from '../plan-cache.ts';
import { buildSupergraph } from '../supergraph/build-supergraph.ts';

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@requires", "@external"])\n`;
const { supergraphSdl = '' } = composeServices([
  {
    name: 'parts',
    url: 'http://parts',
    typeDefs: parse(`${LINK}
      type Item @key(fields: "id") { id: ID! cost(currency: String): Float }
      type Query { item: Item } type Mutation { touch: Int }`),
  },
  {
    name: 'pricing',
    url: 'http://pricing',
    typeDefs: parse(`${LINK}
      type Item @key(fields: "id") { id: ID! cost(currency: String): Float @external
        net: Float @requires(fields: "cost(currency: \\"EUR\\")") }`),
  },
  {
    name: 'planning',
    url: 'http://planning',
    typeDefs: parse(`${LINK}
      type Item @key(fields: "id") { id: ID! cost(currency: String): Float @external
        local: Float @requires(fields: "cost(currency: \\"USD\\")") }`),
  },
]);
const supergraph = buildSupergraph(supergraphSdl);
const plans = createPlanCache({ maxEntries: 10, maxSourceLength: 10_000 });

async function fetches(source: string, variables = {}) {
  const outcome = await plans.lookup(supergraph, source, null, 1_000).plan();
  if (!outcome.ok) throw outcome.errors[0];
  return fetchesOf(outcome.planned.compiledFor(variables).steps);
}

test('two @requires with other arguments, and the client with its own, do not share a place', async () => {
  const [parts, ...others] = await fetches('{ item { cost(currency: "GBP") net local } }');
  for (const currency of ['GBP', 'EUR', 'USD']) {
    expect(parts?.query).toMatch(new RegExp(`\\w+:cost\\(currency:"${currency}"\\)`));
  }
  const data: Record<string, unknown> = { __typename: 'Item', id: '1' };
  for (const [, name, currency] of parts?.query.matchAll(/(\w+):cost\(currency:"(\w+)"\)/g) ?? []) {
    data[String(name)] = currency;
  }
  const representations = others.map(({ subgraph, represent }) => [subgraph, JSON.parse(represent?.(data) ?? 'null')]);
  expect(Object.fromEntries(representations)).toEqual({
    pricing: { __typename: 'Item', id: '1', cost: 'EUR' },
    planning: { __typename: 'Item', id: '1', cost: 'USD' },
  });
});

test('clients see no name that was given for planning', () => {
  const item = supergraph.schema.getType('Item');
  expect(item && 'getFields' in item && Object.keys(item.getFields()).sort()).toEqual(['cost', 'id', 'local', 'net']);
});

test('a key that the client uses for something else stays the key', async () => {
  const [parts, pricing] = await fetches('{ item { id: cost net } }');
  expect(parts?.query).toMatch(/_\d:cost/);
  expect(pricing?.represent?.({ __typename: 'Item', id: '7', _0: 1, cost__0: 2, cost__1: 3 })).toContain('"id":"7"');
});

test('what conditions exclude is not asked for, and a mutation that is named twice is done once', async () => {
  const source = 'query ($x: Boolean!) { item { id net @include(if: $x) } }';
  expect(await fetches(source, { x: false })).toHaveLength(1);
  expect(await fetches(source, { x: true })).toHaveLength(2);
  const twice = 'mutation ($x: Boolean!) { touch touch @skip(if: $x) }';
  expect(await fetches(twice, { x: false })).toHaveLength(1);
  const [nothing] = await fetches('{ item { net @skip(if: true) } }');
  expect(nothing?.query).toBe('{item{__typename}}');
});
