import { composeServices } from '@apollo/composition';
import { operationFromDocument, Supergraph } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { fetchesOf } from '../compile/compile-plan.ts';
import { parseOperation } from '../parse-operation.ts';
import { buildSupergraph } from '../supergraph/build-supergraph.ts';
import { checkPlan, readPlanRules } from './check-plan.ts';
import { planOperation } from './plan-operation.ts';

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@requires", "@external"])\n`;

function compose(subgraphs: Readonly<Record<string, string>>): string {
  const composition = composeServices(
    Object.entries(subgraphs).map(([name, sdl]) => ({ name, url: `http://${name}`, typeDefs: parse(LINK + sdl) })),
  );
  if (composition.errors) throw new Error(composition.errors.map(String).join('\n'));
  return composition.supergraphSdl;
}

/** `fee` requires `weight`, and `total` requires `fee`; the subgraph of `fee` gives the entity too. */
const chained = compose({
  parts: 'type Kit @key(fields: "id") { id: ID! weight: Int } type Query { kit: Kit }',
  pricing: `type Kit @key(fields: "id") { id: ID! weight: Int @external fee: Float @requires(fields: "weight")
      fees(of: Int): [Fee!] @requires(fields: "weight") }
    type Fee { kit: Kit kind: Kind } enum Kind { FIXED } type Query { priced: Kit }`,
  planning: `type Kit @key(fields: "id") { id: ID! fee: Float @external total: Int @requires(fields: "fee")
      fees(of: Int): [Fee!] @external sum: Int @requires(fields: "fees(of: 2) { kind }") }
    type Fee { kind: Kind @external } enum Kind { FIXED } type Query { planned: Kit }`,
});

function fetches(sdl: string, source: string) {
  const outcome = planOperation(buildSupergraph(sdl), parseOperation(source, null, 1_000));
  if (!outcome.ok) throw outcome.errors[0];
  return fetchesOf(outcome.planned.compiledFor({}).steps);
}

test('a plan that asks for a field without what it requires is refused', () => {
  const supergraph = Supergraph.build(chained);
  const operation = operationFromDocument(supergraph.apiSchema(), parse('{ priced { total } }'));
  const plan = new QueryPlanner(supergraph, {}).buildQueryPlan(operation);
  expect(() => checkPlan(plan, readPlanRules(parse(chained)))).toThrow('Kit.fee without what it requires');
});

test('a plan that enters a subgraph by a key that it does not resolve is refused', () => {
  const sdl = compose({
    a: 'type T @key(fields: "id") { id: ID! a: Int } type Query { t: T }',
    b: 'type T @key(fields: "id") { id: ID! b: Int }',
  });
  const supergraph = Supergraph.build(sdl);
  const operation = operationFromDocument(supergraph.apiSchema(), parse('{ t { a b } }'));
  const plan = new QueryPlanner(supergraph, {}).buildQueryPlan(operation);
  expect(() => checkPlan(plan, readPlanRules(parse(sdl)))).not.toThrow();
  const unresolvable = sdl.replace(
    '@join__type(graph: B, key: "id")',
    '@join__type(graph: B, key: "id", resolvable: false)',
  );
  expect(unresolvable).not.toBe(sdl);
  expect(() => checkPlan(plan, readPlanRules(parse(unresolvable)))).toThrow('T by no key that it resolves');
});

test('a requirement of a requirement is fetched before it, also where the subgraph in the middle gives the entity', () => {
  expect(fetches(chained, '{ priced { total } }').map(({ subgraph }) => subgraph)).toEqual([
    'pricing',
    'parts',
    'pricing',
    'planning',
  ]);
});

test('an object that is required and requires gets what it requires, whatever the client asks of it', () => {
  const asked = fetches(chained, '{ priced { sum fees(of: 1) { kit { fee } } } }');
  const required = asked.findIndex(({ query }) => query.includes('fees(of:2){kind}'));
  expect(asked[required]?.represent?.({ __typename: 'Kit', id: '1', weight: 5 })).toContain('"weight":5');
  expect(asked.findIndex(({ query }) => query.includes('sum'))).toBeGreaterThan(required);
});

test('two fields of one subgraph that require another with different arguments are asked for apart', () => {
  const sdl = compose({
    parts: 'type Item @key(fields: "id") { id: ID! cost(in: String): Int } type Query { item: Item }',
    pricing: `type Item @key(fields: "id") { id: ID! cost(in: String): Int @external
      euro: Int @requires(fields: "cost(in: \\"EUR\\")") dollar: Int @requires(fields: "cost(in: \\"USD\\")") }`,
  });
  const [parts, ...entities] = fetches(sdl, '{ item { euro dollar } }');
  const data: Record<string, unknown> = { __typename: 'Item', id: '1' };
  for (const [, name, currency] of parts?.query.matchAll(/(\w+):cost\(in:"(\w+)"\)/g) ?? []) data[name!] = currency;
  const sent = entities.map(({ subgraph, query, represent }) => [
    subgraph,
    /\b(euro|dollar)\b/.exec(query)?.[0],
    JSON.parse(represent!(data) ?? 'null').cost,
  ]);
  expect(sent.sort()).toEqual([
    ['pricing', 'dollar', 'USD'],
    ['pricing', 'euro', 'EUR'],
  ]);
});
