/**
 * A small subgraph of its own for each test, on a free port, and clients that speak to it as the gateway does.
 */
import { randomUUID } from 'node:crypto';
import { CLAIMS_HEADER, type InternalClaims, type Positions } from '@lyceum/contracts';
import {
  type Clock,
  createLifecycle,
  createLogger,
  createMetrics,
  type HealthCheck,
  signClaims,
} from '@lyceum/service-kit';
import { type Client, createClient, type SubscribePayload } from 'graphql-ws';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type BaseContext, type ContextSource, createSubgraph, type Loader } from '../src/index.ts';

export const secret = 'the secret of a test, long enough to sign';

export interface TestContext extends BaseContext {
  readonly source: ContextSource;
  readonly loaders: { readonly word?: Loader<string, string> };
}

export interface TestSubgraph {
  typeDefs?: string;
  resolvers?: object;
  loaders?: () => TestContext['loaders'];
  health?: Record<string, HealthCheck>;
  drainMs?: number;
}

export async function openSubgraph({
  typeDefs = 'type Query { hello: String! }',
  resolvers = { Query: { hello: () => 'hello' } },
  loaders = () => ({}),
  health,
  drainMs,
}: TestSubgraph = {}) {
  const lines: string[] = [];
  const foretold: { readonly viewerId: string; readonly positions: Positions }[] = [];
  const log = createLogger('test', { level: 'debug', destination: { write: (line) => void lines.push(line) } });
  const metrics = createMetrics('test');
  const life = createLifecycle({ log, drainMs });
  onTestFinished(() => life.close());
  const subgraph = createSubgraph<TestContext>({
    ...{ name: 'test', typeDefs, resolvers, claimsSecret: secret, log, metrics, life, health },
    createContext: (source) => ({ ...source, source, loaders: loaders() }),
    foretell: async (viewerId, positions) => {
      foretold.push({ viewerId, positions });
    },
    routes: { '/public': (_req, res) => void res.end('public') },
  });
  const { url } = await subgraph.listen(0, '127.0.0.1');

  const send = async (body: string, headers: Record<string, string> = {}, method = 'POST') => {
    const response = await fetch(`${url}/graphql`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: method === 'GET' ? undefined : body,
    });
    return { status: response.status, text: await response.text() };
  };
  return {
    url,
    life,
    metrics,
    lines,
    foretold,
    send,
    /** As the gateway asks: signed. */
    async query(query: string, variables?: Record<string, unknown>, claims: InternalClaims = anonymous) {
      const token = await signClaims(claims, secret, 'subgraph');
      const { text } = await send(JSON.stringify({ query, variables }), { [CLAIMS_HEADER]: token });
      return JSON.parse(text) as Result;
    },
    connect(connectionParams?: Record<string, unknown>): Client {
      const client = createClient({
        ...{
          url: `${url.replace('http', 'ws')}/graphql`,
          webSocketImpl: WebSocket,
          connectionParams,
          retryAttempts: 0,
        },
        lazy: true,
      });
      onTestFinished(() => client.dispose());
      return client;
    },
  };
}

export interface Result {
  data?: Record<string, unknown> | null;
  errors?: { message: string; path?: unknown[]; extensions: { code: string } }[];
}

export const anonymous: InternalClaims = { requestId: 'request-1', viewer: null };
export const learner = (): InternalClaims => ({
  requestId: randomUUID(),
  viewer: { id: randomUUID(), sessionId: randomUUID(), roles: ['LEARNER'] },
});
export const tokenOf = (claims: InternalClaims = anonymous, clock?: Clock) =>
  signClaims(claims, secret, 'subgraph', { clock });
export const longAgo: Clock = { now: () => new Date(Date.now() - 120_000) };

/** Collects what a subscription yields; `failure` is what ended it, if it did not end well. */
export function collect(client: Client, payload: SubscribePayload) {
  const results: Result[] = [];
  const state = { results, failure: undefined as unknown, done: false, stop: () => {} };
  state.stop = client.subscribe(payload, {
    next: (result) => void results.push(result as Result),
    error: (error) => {
      state.failure = error;
    },
    complete: () => {
      state.done = true;
    },
  });
  return state;
}
