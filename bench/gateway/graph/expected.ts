/**
 * The right answer to an operation: one schema without subgraphs, executed by graphql-js over the same data.
 */
import { graphqlSync } from 'graphql';
import { composeSupergraph, publicSchema } from './compose.ts';
import { root } from './data.ts';

const nowhere = 'http://127.0.0.1:1/graphql';
const schema = publicSchema(
  composeSupergraph({ accounts: nowhere, inventory: nowhere, products: nowhere, reviews: nowhere }),
);

export function expectedAnswer(query: string): { data: unknown } {
  const { data, errors } = graphqlSync({ schema, source: query, rootValue: root });
  if (errors) throw new AggregateError(errors, 'The bench asks for something that cannot be answered.');
  // As a client reads it: graphql-js makes objects without a prototype.
  return JSON.parse(JSON.stringify({ data })) as { data: unknown };
}
