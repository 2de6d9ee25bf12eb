import { buildSchema, execute, type GraphQLSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { boundLists } from './bound-lists.ts';

let asked = 0;

/** Every thing holds ten things, at once or later. */
function things(): GraphQLSchema {
  const schema = buildSchema(
    'type Query { things: [Thing!]! } type Thing { id: ID things: [Thing!]! later: [Thing!]! }',
  );
  const ten = () => {
    asked += 1;
    return Array.from({ length: 10 }, (_, id) => ({ id }));
  };
  asked = 0;
  schema.getQueryType()!.getFields().things!.resolve = ten;
  const { things, later } = (
    schema.getType('Thing') as NonNullable<ReturnType<GraphQLSchema['getQueryType']>>
  ).getFields();
  things!.resolve = ten;
  later!.resolve = async () => ten();
  return boundLists(schema, 1_110);
}
const run = async (schema: GraphQLSchema, query: string) =>
  await execute({ schema, document: parse(query), contextValue: {} });

test('lists of lists are answered up to the bound', async () => {
  for (const field of ['things', 'later']) {
    const { errors, data } = await run(things(), `{ things { ${field} { ${field} { id } } } }`);
    expect(errors).toBeUndefined();
    expect(JSON.stringify(data).match(/"id"/g)).toHaveLength(1_000);
  }
});

test('an operation whose lists multiply past the bound is stopped there, not after it was built', async () => {
  for (const field of ['things', 'later']) {
    const { errors } = await run(things(), `{ things { ${field} { ${field} { ${field} { ${field} { id } } } } } }`);
    expect(errors?.[0]?.originalError).toMatchObject({ code: 'OPERATION_TOO_LARGE' });
    expect(asked).toBeLessThan(1_200);
  }
});

test('each operation has the whole bound', async () => {
  const schema = things();
  const query = '{ things { things { things { id } } } }';
  for (const { errors } of [await run(schema, query), await run(schema, query)]) expect(errors).toBeUndefined();
});
