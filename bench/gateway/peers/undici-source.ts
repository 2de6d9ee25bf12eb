/**
 * A data source for `@apollo/gateway` on undici's pools, in place of the client that it comes with.
 */
import type { GraphQLDataSource } from '@apollo/gateway';
import { Pool } from 'undici';

export function createUndiciSource(url: string): GraphQLDataSource {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: 64, pipelining: 1 });
  return {
    async process({ request }) {
      const { body } = await pool.request({
        method: 'POST',
        path: pathname,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: request.query, variables: request.variables }),
      });
      return (await body.json()) as Awaited<ReturnType<GraphQLDataSource['process']>>;
    },
  };
}
