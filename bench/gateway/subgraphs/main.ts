/**
 * The process of all four subgraphs, and of the keys that access tokens are checked with. Tells its parent where they are.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type SubgraphName, subgraphNames } from '../graph/contracts.ts';
import { createRawServer } from './raw-http.ts';
import { createSubgraph, httpResponse } from './subgraph.ts';

export interface SubgraphsReady {
  readonly urls: Readonly<Record<SubgraphName, string>>;
  readonly jwksUrl: string;
}

const NOT_FOUND = httpResponse(404, '{}');

async function listen(server: ReturnType<typeof createRawServer>): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function main(jwks: string): Promise<void> {
  let fetches = 0;
  const urls = {} as Record<SubgraphName, string>;
  for (const name of subgraphNames) {
    const answer = createSubgraph(name);
    const server = createRawServer((method, _path, body) => {
      fetches += 1;
      return method === 'POST' ? answer(body) : NOT_FOUND;
    });
    urls[name] = `${await listen(server)}/graphql`;
  }
  const keys = httpResponse(200, jwks);
  const jwksUrl = `${await listen(createRawServer(() => keys))}/.well-known/jwks.json`;
  process.send?.({ urls, jwksUrl } satisfies SubgraphsReady);
  // Asked for by any message: how often the subgraphs were asked so far.
  process.on('message', () => process.send?.(fetches));
  process.once('disconnect', () => process.exit(0));
}

await main(process.argv[2] ?? '{"keys":[]}');
