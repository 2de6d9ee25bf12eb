/**
 * What is no GraphQL answer: each fault of a subgraph's address ends in time, in one clear error.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { fixedPolicy, listenOn } from '@lyceum/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GatewayPolicy } from '../src/config.ts';
import { createSubgraphClient, type SubgraphClient } from '../src/federation/subgraph-client.ts';
import { CLAIMS_SECRET } from './subgraphs.ts';

const policy = fixedPolicy(
  GatewayPolicy.parse({
    subgraphs: { connections: 2, headersMs: 200, bodyMs: 200, totalMs: 400, maxResponseBytes: 1_000 },
  }),
);
const request = { query: '{ a }' };
const scope = { requestId: 'r1', viewer: null, signal: new AbortController().signal };

let answer: (req: IncomingMessage, res: ServerResponse) => void;
let client: SubgraphClient;
let url: string;
let close: () => Promise<void>;
beforeEach(async () => {
  const server = createServer((req, res) => answer(req, res));
  const { url: origin } = await listenOn(server, 0, '127.0.0.1');
  url = `${origin}/graphql`;
  client = createSubgraphClient({ policy, claimsSecret: CLAIMS_SECRET });
  close = async () => {
    server.closeAllConnections();
    server.close();
    await client.close();
  };
});
afterEach(() => close());

const faults: Record<string, (req: IncomingMessage, res: ServerResponse) => void> = {
  'says nothing': () => {},
  'begins and stops': (_req, res) => res.write('{"data":'),
  'hangs up': (req) => req.destroy(),
  'sends a page': (_req, res) => res.writeHead(502).end('<html>Bad gateway</html>'),
  'sends other JSON': (_req, res) => res.end('{"hello":"world"}'),
  'sends too much': (_req, res) => res.end(JSON.stringify({ data: { a: 'x'.repeat(2_000) } })),
};
for (const [fault, handler] of Object.entries(faults)) {
  test(`an address that ${fault} is an unavailable subgraph`, async () => {
    answer = handler;
    await expect(client.send(url, request, scope)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' });
  });
}

test('an address where nobody listens is an unavailable subgraph', async () => {
  await expect(client.send('http://127.0.0.1:1/graphql', request, scope)).rejects.toMatchObject({
    code: 'SUBGRAPH_UNAVAILABLE',
  });
});

test('connections are bounded and kept', async () => {
  const connections = new Set<unknown>();
  answer = (req, res) => {
    connections.add(req.socket);
    setImmediate(() => res.end('{"data":{"a":1}}'));
  };
  await Promise.all(Array.from({ length: 20 }, () => client.send(url, request, scope)));
  await client.send(url, request, scope);
  expect(connections.size).toBe(2);
});

test('a fetch that nobody waits for any more is given up', async () => {
  const leaving = new AbortController();
  const arrived = new Promise<IncomingMessage>((resolve) => {
    answer = resolve;
  });
  const pending = client.send(url, request, { ...scope, signal: leaving.signal });
  const { socket } = await arrived;
  leaving.abort();
  await expect(pending).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' });
  if (!socket.destroyed) await once(socket, 'close');
});
