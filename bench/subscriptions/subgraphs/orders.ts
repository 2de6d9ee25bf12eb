/**
 * The process of the subgraph that tells of events, built as the product's own are: live topics on Redis, claims checked.
 * Tells its parent where it is.
 */
import type { EventEnvelope, PayloadOf } from '@lyceum/contracts';
import { closeRedis, connectRedis, createLifecycle, createLogger, createMetrics } from '@lyceum/service-kit';
import { type BaseContext, type ContextSource, createSubgraph, openLiveTopics } from '@lyceum/subgraph-kit';
import { readContract } from '../graph/contracts.ts';
import { upcOf } from '../graph/operations.ts';
import { Changed, redisKeys, SHOP } from '../topics.ts';

export interface OrdersOptions {
  readonly redisUrl: string;
  readonly claimsSecret: string;
}

type Change = EventEnvelope<PayloadOf<typeof Changed>>;

const options = JSON.parse(process.argv[2] ?? '') as OrdersOptions;
const log = createLogger('bench-orders', { level: 'warn' });
const life = createLifecycle({ log });

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
const { url } = await subgraph.listen(0, '127.0.0.1');
process.send?.(`${url}/graphql`);
await life.runUntilSignal();
