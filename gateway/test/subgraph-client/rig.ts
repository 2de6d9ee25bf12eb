/**
 * Small real subgraphs whose every answer a test writes, and a client that asks them.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Viewer } from '@lyceum/contracts';
import { createLogger, fixedPolicy, listenOn } from '@lyceum/service-kit';
import type { z } from 'zod';
import { GatewayPolicy } from '../../src/config.ts';
import {
  createSubgraphClient,
  type SubgraphClientEvents,
} from '../../src/federation/subgraph-client/create-subgraph-client.ts';
import type { SubgraphClient, SubgraphRequest, SubgraphResponse } from '../../src/federation/subgraph-client.ts';
import { CLAIMS_SECRET } from '../subgraphs.ts';

export type Answer = (req: IncomingMessage, res: ServerResponse, body: string) => void;

export interface FakeSubgraph {
  readonly url: string;
  readonly server: Server;
  /** How it answers from now on. */
  answer: Answer;
  /** Every request, in order. */
  readonly requests: { readonly headers: IncomingMessage['headers']; readonly body: Buffer }[];
  close(): void;
}

export const FINE: Answer = (_req, res) => res.end('{"data":{"a":1}}');

export async function openSubgraph(answer: Answer = FINE, port = 0): Promise<FakeSubgraph> {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const body = Buffer.concat(chunks);
      subgraph.requests.push({ headers: req.headers, body });
      subgraph.answer(req, res, body.toString());
    });
  });
  const { url } = await listenOn(server, port, '127.0.0.1');
  const subgraph: FakeSubgraph = {
    url: `${url}/graphql`,
    server,
    answer,
    requests: [],
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return subgraph;
}

export interface Asker {
  readonly client: SubgraphClient;
  readonly told: Record<keyof SubgraphClientEvents, number>;
  query(url: string, ask?: Partial<Ask>): Promise<SubgraphResponse>;
  mutate(url: string, ask?: Partial<Ask>): Promise<SubgraphResponse>;
}

export interface Ask {
  readonly request: SubgraphRequest;
  readonly viewer: Viewer | null;
  readonly headers: Record<string, string>;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

export function openAsker(subgraphs: z.input<typeof GatewayPolicy>['subgraphs'] = {}): Asker {
  const told = { shared: 0, retried: 0, hedged: 0 };
  const client = createSubgraphClient({
    policy: fixedPolicy(GatewayPolicy.parse({ subgraphs })),
    claimsSecret: CLAIMS_SECRET,
    log: createLogger('test', { level: 'silent' }),
    events: {
      shared() {
        told.shared += 1;
      },
      retried() {
        told.retried += 1;
      },
      hedged() {
        told.hedged += 1;
      },
    },
  });
  const send = (url: string, request: SubgraphRequest, ask: Partial<Ask>) =>
    client.send('s', url, ask.request ?? request, {
      requestId: ask.requestId ?? 'r1',
      viewer: ask.viewer ?? null,
      headers: ask.headers,
      signal: ask.signal ?? new AbortController().signal,
    });
  return {
    client,
    told,
    query: (url, ask = {}) => send(url, { query: '{ a }', kind: 'query' }, ask),
    mutate: (url, ask = {}) => send(url, { query: 'mutation { a }', kind: 'mutation' }, ask),
  };
}
