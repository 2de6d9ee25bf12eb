/**
 * Positions between the gateway and a subgraph over HTTP.
 */
import { CLAIMS_HEADER, POSITIONS_HEADER } from '@lyceum/contracts';
import { signClaims } from '@lyceum/service-kit';
import { expect, test } from 'vitest';
import { anonymous, openSubgraph, secret, type TestContext } from './harness.ts';

const typeDefs = 'type Query { known: String! } type Mutation { commit: Boolean! }';
const resolvers = {
  Query: { known: (_: unknown, __: unknown, { source }: TestContext) => JSON.stringify(source.positions.known) },
  Mutation: {
    commit: (_: unknown, __: unknown, { source: { positions } }: TestContext) => {
      positions.committed('users/s1', '00000000/00000002');
      positions.committed('users/s1', '00000000/00000001');
      positions.committed('users/s2', '00000000/00000003');
      return true;
    },
  },
};

async function ask(query: string, headers: Record<string, string> = {}) {
  const { url } = await openSubgraph({ typeDefs, resolvers });
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      [CLAIMS_HEADER]: signClaims(anonymous, secret, 'subgraph'),
      ...headers,
    },
    body: JSON.stringify({ query }),
  });
  const { data } = (await response.json()) as { data: Record<string, unknown> };
  return { data, answer: response.headers.get(POSITIONS_HEADER) };
}

test('a request knows the positions that the gateway tells, less what is none', async () => {
  const told = { [POSITIONS_HEADER]: 'users/s1=00000000/0000000A,nonsense,ai/s1=1' };
  const { data, answer } = await ask('{ known }', told);
  expect(JSON.parse(String(data.known))).toEqual({ 'users/s1': '00000000/0000000A' });
  expect(answer).toBeNull();
  expect((await ask('{ known }')).data.known).toBe('{}');
});

test('an answer tells the latest that the request has committed, and nothing if that is nothing', async () => {
  expect((await ask('mutation { commit }')).answer).toBe('users/s1=00000000/00000002,users/s2=00000000/00000003');
});
