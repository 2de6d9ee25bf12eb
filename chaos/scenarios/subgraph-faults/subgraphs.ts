/**
 * Two small subgraphs over HTTP: one that always answers, and one that breaks on demand and counts what reaches it.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { listenOn } from '@lyceum/service-kit';
import type { Fault } from './faults.ts';

export const THINGS = [
  { __typename: 'Thing', id: '1', name: 'one' },
  { __typename: 'Thing', id: '2', name: 'two' },
];

interface Request {
  readonly query: string;
  readonly variables?: { readonly n?: number; readonly id?: string; readonly representations?: unknown[] };
}

export interface ShakySubgraph {
  readonly url: string;
  /** Mutations that arrived, by the id they were sent with. */
  readonly mutations: ReadonlyMap<string, number>;
  /** Everything that arrived. */
  readonly requests: number;
  /** Bytes that were written to the gateway. */
  readonly sentBytes: number;
  breakBy(fault: Fault): Promise<void>;
  mend(): Promise<void>;
  close(): void;
}

export async function openSteady(): Promise<{ url: string; close(): void }> {
  const server = createServer(async (req, res) => {
    const { query } = await read(req);
    const data = query.includes('things') ? { things: THINGS } : { __typename: 'Query' };
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data }));
  });
  const { url } = await listenOn(server, 0, '127.0.0.1');
  return { url: `${url}/graphql`, close: () => end(server) };
}

export async function openShaky(): Promise<ShakySubgraph> {
  const mutations = new Map<string, number>();
  let requests = 0;
  let sentBytes = 0;
  let fault: Fault | undefined;
  const server = createServer(async (req, res) => {
    const request = await read(req);
    requests += 1;
    const { id } = request.variables ?? {};
    if (id !== undefined) mutations.set(id, (mutations.get(id) ?? 0) + 1);
    const { socket } = req;
    if (fault) return void fault.answer(res, socket);
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data: answerTo(request) }));
  });
  server.on('connection', (socket) => {
    let counted = 0;
    const count = () => {
      sentBytes += socket.bytesWritten - counted;
      counted = socket.bytesWritten;
    };
    socket.on('error', () => {});
    socket.on('close', count);
  });
  const { url, port } = await listenOn(server, 0, '127.0.0.1');
  return {
    url: `${url}/graphql`,
    mutations,
    get requests() {
      return requests;
    },
    get sentBytes() {
      return sentBytes;
    },
    async breakBy(next) {
      fault = next;
      if (next.reachable) return;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
    async mend() {
      fault = undefined;
      server.closeAllConnections();
      if (!server.listening) await listenOn(server, port, '127.0.0.1');
    },
    close: () => end(server),
  };
}

function answerTo({ query, variables = {} }: Request): unknown {
  if (variables.representations) return { _entities: variables.representations.map(() => ({ note: 'noted' })) };
  // The gateway asks for fields with arguments under names of its own.
  const [, alias, field] = /(?:(\w+):)?(change|echo)\(/.exec(query) ?? [];
  if (!field) return { __typename: 'Query' };
  return { [alias ?? field]: field === 'change' ? 1 : variables.n };
}

async function read(req: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}

function end(server: Server): void {
  server.closeAllConnections();
  server.close();
}
