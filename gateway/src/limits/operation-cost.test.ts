import { buildSchema, type FragmentDefinitionNode, getIntrospectionQuery, Kind, parse } from 'graphql';
import { expect, test } from 'vitest';
import { evaluate } from './cost-formula.ts';
import { costOf } from './operation-cost.ts';

const schema = buildSchema(`
  type Query {
    book: Book
    books(first: Int = 3, last: Int): [Book!]!
    catalogue(first: Int! = 20): BookConnection!
    shelves: [[Book!]!]
    anything: Anything
  }
  type Mutation { rename: Book }
  type Subscription { added: Book }
  type BookConnection { edges: [BookEdge!]! nodes: [Book!]! facets: [Facet!]! total: Int }
  type BookEdge { node: Book! }
  type Facet { name: String }
  type Book { id: ID! title: String tags: [String!]! similar(limit: Int): [Book!] authors: [Person!]! }
  type Person { id: ID! name: String }
  union Anything = Book | Person
`);

function parsed(source: string) {
  const { definitions } = parse(source);
  const operation = definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Error('no operation');
  const fragments = definitions.filter((d): d is FragmentDefinitionNode => d.kind === Kind.FRAGMENT_DEFINITION);
  return { operation, fragments: Object.fromEntries(fragments.map((f) => [f.name.value, f])) };
}

const cost = (source: string, variables: Record<string, unknown> = {}, assumed = 10) =>
  evaluate(costOf(schema, parsed(source), assumed), variables);

test('a field costs one, and every object that it brings one more', () => {
  expect(cost('{ __typename }')).toBe(1);
  expect(cost('{ book { id tags } }')).toBe(1 + (1 + 2));
});

test('a list counts as often as its argument says, as its default says, or as is assumed', () => {
  expect(cost('{ books(first: 100) { id } }')).toBe(1 + 100 * 2);
  expect(cost('{ books { id } }')).toBe(1 + 3 * 2);
  expect(cost('{ books(first: 1, last: 7) { id } }')).toBe(1 + 7 * 2);
  expect(cost('{ books(first: null) { id } }')).toBe(1 + 10 * 2);
  expect(cost('{ shelves { id } }', {}, 50)).toBe(1 + 50 * 2);
});

test('lists in lists multiply', () => {
  expect(cost('{ books(first: 5) { similar(limit: 4) { authors { name } } } }')).toBe(
    1 + 5 * (1 + (1 + 4 * (1 + (1 + 10 * 2)))),
  );
});

test('what an argument of a connection says holds for its edges, once, and for none of its other lists', () => {
  expect(cost('{ catalogue(first: 100) { edges { node { id } } } }')).toBe(1 + (1 + (1 + 100 * (1 + (1 + (1 + 1))))));
  expect(cost('{ catalogue(first: 100) { ...C } } fragment C on BookConnection { nodes { id } }')).toBe(
    1 + (1 + (1 + 100 * 2)),
  );
  expect(cost('{ catalogue { facets { name } total } }')).toBe(1 + (1 + (1 + 10 * 2) + 1));
});

test('variables count with the value of the request, their default, or the default of the argument', () => {
  const bare = 'query ($n: Int) { books(first: $n) { id } }';
  expect([cost(bare), cost(bare, { n: 50 }), cost(bare, { n: null })]).toEqual([7, 101, 21]);
  const withDefault = 'query ($n: Int = 8) { books(first: $n) { similar(limit: $n) { id } } }';
  expect(cost(withDefault)).toBe(1 + 8 * (1 + (1 + 8 * 2)));
  expect(cost(withDefault, { n: 1_000 })).toBe(1 + 1_000 * (1 + (1 + 1_000 * 2)));
});

test('a fragment counts wherever it is spread, by the size of the connection there', () => {
  const fragment = 'fragment C on BookConnection { edges { node { id } } }';
  const a = cost(`{ catalogue(first: 2) { ...C } } ${fragment}`);
  const b = cost(`{ catalogue(first: 9) { ...C } } ${fragment}`);
  expect(cost(`{ a: catalogue(first: 2) { ...C } b: catalogue(first: 9) { ...C } } ${fragment}`)).toBe(a + b);
});

test('nothing that a variable says makes an operation cheaper than without its list', () => {
  const query = 'query ($n: Int) { books(first: $n) { id } book { id } }';
  for (const n of [-1_000, '100', [1], {}, true]) expect(cost(query, { n })).toBeGreaterThanOrEqual(4);
});

test('mutations and subscriptions have a base cost; a subscription counts with one event', () => {
  expect(cost('{ book { id } }')).toBe(3);
  expect(cost('mutation { rename { id } again: rename { id } }')).toBe(2 * 10 + 2 * 3);
  expect(cost('mutation { ...F } fragment F on Mutation { rename { id } again: rename { id } }')).toBe(2 * 10 + 2 * 3);
  expect(cost('subscription { added { id } }')).toBe(10 + 3);
});

test('all branches of a union add up', () => {
  expect(cost('{ anything { ... on Book { id } ... on Person { id name } } }')).toBe(1 + 1 + 3);
});

test('a document that the schema does not know is measured all the same', () => {
  expect(cost('{ nothing(first: 100) { like { it } } ...F ...G } fragment F on Nobody { a { b } ...F }')).toBe(5 + 3);
});

test('fragments that double with each step are measured in linear time, also where variables count', () => {
  const steps = Array.from({ length: 30 }, (_, i) => `fragment F${i} on Book { ...F${i + 1} ...F${i + 1} }`);
  const source = `query ($n: Int) { book { ...F0 } } ${steps.join(' ')} fragment F30 on Book { similar(limit: $n) { id } }`;
  expect(cost(source, { n: 1 })).toBe(2 + 2 ** 30 * 3);
});

test('introspection of tools costs little', () => {
  expect(cost(getIntrospectionQuery({ inputValueDeprecation: true }))).toBeLessThan(500);
});
