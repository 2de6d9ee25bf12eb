/**
 * Introspection (4.2) and the directives of type systems (3.13): clients learn the public schema and nothing else, and no
 * subgraph is asked for it.
 */
import {
  buildClientSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { people } from './people.ts';
import { createSubject } from './subject.ts';

const annotated = createSubject(
  {
    left: `
      "A day of a calendar."
      scalar Day @specifiedBy(url: "https://example.org/day")
      scalar Plain
      enum Mood { GOOD BAD @deprecated(reason: "be kind") SECRET @inaccessible }
      input Filter { day: Day old: Int @deprecated(reason: "use day") size: Int! = 3 hidden: Int @inaccessible }
      "Anything with an id."
      interface Node { id: ID! }
      """
      A thing.
      With two lines.
      """
      type Thing implements Node @key(fields: "id") {
        id: ID!
        "Its name."
        name(upper: Boolean = false, old: Int @deprecated(reason: "ignored")): String
        old: String @deprecated
        older: String @deprecated(reason: "use name")
        secret: String @inaccessible
      }
      type Hidden @inaccessible { id: ID! }
      union Any = Thing
      type Query { things(filter: Filter, moods: [Mood!]! = [GOOD, BAD]): [Thing!]! any: Any day: Day plain: Plain mood: Mood node: Node hidden: Hidden @inaccessible }`,
    right: 'type Thing @key(fields: "id") { id: ID! weight: [[Float!]]! } type Query { right: Int }',
  },
  () => {
    const thing = { __typename: 'Thing', id: '1', weight: [[1, 2.5], null] };
    return { root: { things: [thing], right: 1 }, entities: { 'Thing-1': thing } };
  },
);

const type = async (name: string, selection: string) =>
  ((await annotated.answer(`{ __type(name: "${name}") { ${selection} } }`)).data as { __type: unknown }).__type;

describe('4.2 schema introspection', () => {
  test('the whole schema, with all that tools ask, is the public one, and no subgraph is asked', async () => {
    const source = getIntrospectionQuery({
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    });
    const answer = await annotated.answer(source);
    expect(annotated.asked).toStrictEqual([]);
    const schema = buildClientSchema(answer.data as unknown as IntrospectionQuery);
    const printed = printSchema(lexicographicSortSchema(schema));
    expect(printed).not.toMatch(/secret|SECRET|hidden|Hidden|join__|link__|core__|federation__|_Any|_Entity|_Service/);
    expect(printed).toBe(printSchema(lexicographicSortSchema(annotated.api)));
  });

  test('the schema as old tools ask for it is answered as well', async () => {
    const { errors } = await annotated.answer(getIntrospectionQuery({ descriptions: false }));
    expect(errors).toBeUndefined();
  });

  test('aliases, fragments and the order of fields are as anywhere', async () => {
    const answer = await annotated.answer(
      'query Q { s: __schema { q: queryType { ...T } mutationType { name } subscriptionType { name } __typename } } fragment T on __Type { __typename kind n: name }',
    );
    expect(JSON.stringify(answer)).toBe(
      '{"data":{"s":{"q":{"__typename":"__Type","kind":"OBJECT","n":"Query"},"mutationType":null,"subscriptionType":null,"__typename":"__Schema"}}}',
    );
  });

  test('__type of a name that clients do not know is null', async () => {
    for (const name of ['Nobody', 'Hidden', '_Entity', '_Service', '_Any', 'join__Graph', 'constructor', '']) {
      expect(await type(name, 'name')).toBeNull();
    }
  });

  test('the name may be a variable, and each value has its own answer', async () => {
    const source = 'query ($n: String!) { __type(name: $n) { kind } }';
    for (const [n, kind] of [
      ['Thing', 'OBJECT'],
      ['Mood', 'ENUM'],
      ['Thing', 'OBJECT'],
      ['Filter', 'INPUT_OBJECT'],
      ['Any', 'UNION'],
      ['Node', 'INTERFACE'],
      ['Day', 'SCALAR'],
    ]) {
      expect(await annotated.answer(source, { variables: { n } })).toStrictEqual({ data: { __type: { kind } } });
    }
  });

  test('stands beside data in the order of the operation', async () => {
    const answer = await annotated.answer(
      '{ right a: __type(name: "Thing") { name } things { id weight } b: __type(name: "Day") { name } __typename }',
    );
    expect(Object.keys(answer.data as object)).toStrictEqual(['right', 'a', 'things', 'b', '__typename']);
  });

  test.each([true, false])('obeys @skip and @include, at the root and below (%s)', async (v) => {
    const answer = await annotated.answer(
      'query ($v: Boolean!) { __schema @skip(if: $v) { queryType { name } } __type(name: "Any") { kind @include(if: $v) possibleTypes { name @skip(if: $v) kind } } }',
      { variables: { v } },
    );
    expect(answer.data).toStrictEqual(
      v
        ? { __type: { kind: 'UNION', possibleTypes: [{ kind: 'OBJECT' }] } }
        : {
            __schema: { queryType: { name: 'Query' } },
            __type: { possibleTypes: [{ name: 'Thing', kind: 'OBJECT' }] },
          },
    );
  });

  test('is null with all other data, where a root field may not be null', async () => {
    const answer = await people({ sure: null }).answer('{ __schema { queryType { name } } sure { id } }');
    expect(answer.data).toBeNull();
  });

  test('lists in lists and non-nulls are told as they are', async () => {
    expect(
      await type('Thing', 'fields { name type { kind ofType { kind ofType { kind ofType { kind name } } } } }'),
    ).toMatchObject({
      fields: expect.arrayContaining([
        {
          name: 'weight',
          type: {
            kind: 'NON_NULL',
            ofType: { kind: 'LIST', ofType: { kind: 'LIST', ofType: { kind: 'NON_NULL', name: null } } },
          },
        },
      ]),
    });
  });

  test('descriptions and default values of every subgraph are told', async () => {
    expect(
      await type(
        'Thing',
        'description interfaces { name description } fields { name description args { name defaultValue } }',
      ),
    ).toMatchObject({
      description: 'A thing.\nWith two lines.',
      interfaces: [{ name: 'Node', description: 'Anything with an id.' }],
      fields: expect.arrayContaining([
        { name: 'name', description: 'Its name.', args: [{ name: 'upper', defaultValue: 'false' }] },
      ]),
    });
    expect(await type('Filter', 'inputFields { name defaultValue }')).toMatchObject({
      inputFields: expect.arrayContaining([{ name: 'size', defaultValue: '3' }]),
    });
  });
});

describe('3.13.3 @deprecated', () => {
  test('fields and values that are deprecated are told only if asked for, with their reason', async () => {
    const names = (value: unknown) => value as { fields: { name: string }[] };
    expect(names(await type('Thing', 'fields { name }')).fields.map(({ name }) => name)).toStrictEqual([
      'id',
      'name',
      'weight',
    ]);
    expect(
      await type('Thing', 'fields(includeDeprecated: true) { name isDeprecated deprecationReason }'),
    ).toMatchObject({
      fields: expect.arrayContaining([
        { name: 'old', isDeprecated: true, deprecationReason: 'No longer supported' },
        { name: 'older', isDeprecated: true, deprecationReason: 'use name' },
        { name: 'name', isDeprecated: false, deprecationReason: null },
      ]),
    });
    expect(
      await type('Mood', 'enumValues { name } all: enumValues(includeDeprecated: true) { name deprecationReason }'),
    ).toStrictEqual({
      enumValues: [{ name: 'GOOD' }],
      all: [
        { name: 'GOOD', deprecationReason: null },
        { name: 'BAD', deprecationReason: 'be kind' },
      ],
    });
  });

  test('so are arguments and input fields', async () => {
    expect(
      await type('Filter', 'inputFields { name } all: inputFields(includeDeprecated: true) { name isDeprecated }'),
    ).toStrictEqual({
      inputFields: [{ name: 'day' }, { name: 'size' }],
      all: [
        { name: 'day', isDeprecated: false },
        { name: 'old', isDeprecated: true },
        { name: 'size', isDeprecated: false },
      ],
    });
    expect(
      await type('Thing', 'fields { name args(includeDeprecated: true) { name deprecationReason } }'),
    ).toMatchObject({
      fields: expect.arrayContaining([
        {
          name: 'name',
          args: [
            { name: 'upper', deprecationReason: null },
            { name: 'old', deprecationReason: 'ignored' },
          ],
        },
      ]),
    });
  });

  test('a deprecated field is answered like any other', async () => {
    expect(await people({ box: { old: 'x' } }).answer('{ box { old } }')).toStrictEqual({
      data: { box: { old: 'x' } },
    });
  });
});

describe('3.13.4 @specifiedBy', () => {
  test('the address of a custom scalar is told, and null where there is none', async () => {
    expect(await type('Day', 'specifiedByURL description')).toStrictEqual({
      specifiedByURL: 'https://example.org/day',
      description: 'A day of a calendar.',
    });
    for (const name of ['Plain', 'Int', 'Thing'])
      expect(await type(name, 'specifiedByURL')).toStrictEqual({ specifiedByURL: null });
  });
});
