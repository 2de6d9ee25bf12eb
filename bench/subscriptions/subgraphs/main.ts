/**
 * The process of both subgraphs, and of the keys that access tokens are checked with. Tells its parent where they are.
 *
 * Orders is built as the product's subgraphs are, with live topics on Redis. Products answers from memory, on bare sockets.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { EventEnvelope, PayloadOf } from '@lyceum/contracts';
import { closeRedis, connectRedis, createLifecycle, createLogger, createMetrics } from '@lyceum/service-kit';
import { type BaseContext, type ContextSource, createSubgraph, openLiveTopics } from '@lyceum/subgraph-kit';
import { createRawServer } from '../../gateway/subgraphs/raw-http.ts';
import { createSubgraph as createAnswers, httpResponse } from '../../gateway/subgraphs/subgraph.ts';
import { readContract, type SubgraphUrls } from '../graph/contracts.ts';
import { upcOf } from '../graph/operations.ts';
import { Changed, redisKeys, SHOP } from '../topics.ts';

export interface SubgraphsOptions {
  readonly jwks: string;
  readonly redisUrl: string;
  readonly claimsSecret: string;
}
export interface SubgraphsReady {
  readonly urls: SubgraphUrls;
  readonly jwksUrl: string;
}

type Change = EventEnvelope<PayloadOf<typeof Changed>>;

const options = JSON.parse(process.argv[2] ?? '') as SubgraphsOptions;
const log = createLogger('bench-subgraphs', { level: 'warn' });
const life = createLifecycle({ log });

async function serveOrders(): Promise<string> {
  const connect = async (role: 'subscriber' | 'cache') =>
    life.own(`redis:${role}`, await connectRedis(options.redisUrl, role, { log }), closeRedis);
  const [subscriber, reader] = [await connect('subscriber'), await connect('cache')];
  const topics = life.own('topics', openLiveTopics({ subscriber, reader, keys: redisKeys, log }), (t) => t.close());
  const follow = (key: string, { resume, signal }: BaseContext) => topics.subscribe(Changed, key, { resume, signal });
  const subgraph = createSubgraph<BaseContext>({
    name: 'orders',
    typeDefs: readContract('orders'),
    resolvers: {
      Subscription: {
        orderChanged: {
          subscribe: (_: unknown, { reader }: { reader: string }, context: BaseContext) => follow(reader, context),
          resolve: (change: Change) => change,
        },
        shopChanged: {
          subscribe: (_: unknown, _args: object, context: BaseContext) => follow(SHOP, context),
          resolve: (change: Change) => change,
        },
      },
      OrderChange: {
        sequence: ({ payload }: Change) => payload.revision,
        padding: (_: Change, { bytes }: { bytes: number }) => 'x'.repeat(bytes),
        product: ({ payload }: Change) => ({ __typename: 'Product', upc: upcOf(payload.revision) }),
      },
    },
    claimsSecret: options.claimsSecret,
    createContext: (source: ContextSource) => source,
    log,
    metrics: createMetrics('bench-orders'),
    life,
  });
  return (await subgraph.listen(0, '127.0.0.1')).url;
}

async function serveFromMemory(answer: (body: string) => Buffer): Promise<string> {
  const server = createRawServer((_method, _path, body) => answer(body)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const keys = httpResponse(200, options.jwks);
const urls = {
  orders: `${await serveOrders()}/graphql`,
  products: `${await serveFromMemory(createAnswers('products'))}/graphql`,
};
process.send?.({ urls, jwksUrl: await serveFromMemory(() => keys) } satisfies SubgraphsReady);
await life.runUntilSignal();
