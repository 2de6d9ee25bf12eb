/**
 * The process of the subgraph that completes events, from memory and on bare sockets, and of the keys that access tokens
 * are checked with. Tells its parent where they are.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createRawServer } from '../../gateway/subgraphs/raw-http.ts';
import { createSubgraph, httpResponse } from '../../gateway/subgraphs/subgraph.ts';

export interface ProductsOptions {
  readonly jwks: string;
}
export interface ProductsReady {
  readonly productsUrl: string;
  readonly jwksUrl: string;
}

async function serve(answer: (body: string) => Buffer): Promise<string> {
  const server = createRawServer((_method, _path, body) => answer(body)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const keys = httpResponse(200, (JSON.parse(process.argv[2] ?? '') as ProductsOptions).jwks);
const ready: ProductsReady = {
  productsUrl: `${await serve(createSubgraph('products'))}/graphql`,
  jwksUrl: await serve(() => keys),
};
process.send?.(ready);
process.once('disconnect', () => process.exit(0));
// A channel that nobody listens to keeps no process alive; the servers do, until it closes.
