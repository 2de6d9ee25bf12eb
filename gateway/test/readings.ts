/**
 * A subgraph whose subscriptions follow real topics in Redis, with cursors: somebody reads a book, page by page.
 */
import { randomUUID } from 'node:crypto';
import { type EventEnvelope, type PayloadOf, ProgressUpdated } from '@lyceum/contracts';
import {
  closeRedis,
  connectRedis,
  createLifecycle,
  createLogger,
  createMetrics,
  createRedisKeys,
  publishEnvelope,
  type Redis,
} from '@lyceum/service-kit';
import { type BaseContext, createSubgraph, openLiveTopics } from '@lyceum/subgraph-kit';
import { eventually, type Tenant } from '@lyceum/testing';
import { CLAIMS_SECRET, type SubgraphSource } from './subgraphs.ts';

const typeDefs = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])
    @link(url: "https://lyceum.example/subscriptions/v1.0", import: ["@delivery", "@viewerIndependent"])
    @composeDirective(name: "@delivery")
    @composeDirective(name: "@viewerIndependent")
  enum DeliveryPolicy { EVERY LATEST }
  directive @delivery(policy: DeliveryPolicy! = EVERY, beginsWithState: Boolean! = false) on FIELD_DEFINITION
  directive @viewerIndependent on FIELD_DEFINITION
  type Reading {
    page: Int! @viewerIndependent
    book: Book! @viewerIndependent
    "So many letters."
    text(length: Int!): String! @viewerIndependent
    "Who follows."
    reader: ID
  }
  type Book @key(fields: "id", resolvable: false) { id: ID! @viewerIndependent }
  type Query { pages: Int }
  type Subscription {
    pageRead(id: ID!): Reading! @viewerIndependent
    pageOpened(id: ID!): Reading! @delivery(policy: LATEST)
  }`;

type Payload = PayloadOf<typeof ProgressUpdated>;
type Context = BaseContext;

export interface Readings extends SubgraphSource {
  /** Subscriptions it serves at present. */
  readonly subscribers: number;
  /** Viewers it was asked for, one for each subscription that was opened. */
  readonly viewers: (string | null)[];
  /** Events that it has executed. */
  readonly executed: number;
  /** Publishes the next page of this reader. Resolves with its number. */
  turn(id: string): Promise<number>;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function openReadings(tenant: Tenant): Promise<Readings> {
  const log = createLogger('readings', { level: 'silent' });
  const connect = (role: 'subscriber' | 'cache' | 'publisher') => connectRedis(tenant.env.REDIS_URL!, role, { log });
  const redis: readonly Redis[] = await Promise.all([connect('subscriber'), connect('cache'), connect('publisher')]);
  const [subscriber, reader, publisher] = redis as [Redis, Redis, Redis];
  const keys = createRedisKeys(tenant.id);
  const topics = openLiveTopics({ subscriber, reader, keys, log });
  const pages = new Map<string, number>();
  const viewers: (string | null)[] = [];
  let executed = 0;
  let subscribers = 0;

  async function* follow(id: string, { resume, signal, viewer }: Context): AsyncGenerator<EventEnvelope<Payload>> {
    viewers.push(viewer?.id ?? null);
    subscribers += 1;
    try {
      yield* topics.subscribe(ProgressUpdated, id, { resume, signal });
    } finally {
      subscribers -= 1;
    }
  }
  const field = {
    subscribe: (_: unknown, { id }: { id: string }, context: Context) => follow(id, context),
    resolve: (event: EventEnvelope<Payload>) => {
      executed += 1;
      return event.payload;
    },
  };
  const resolvers = {
    Subscription: { pageRead: field, pageOpened: field },
    Reading: {
      page: ({ revision }: Payload) => revision,
      book: () => ({ id: 'b1' }),
      text: (_: Payload, { length }: { length: number }) => 'x'.repeat(length),
      reader: (_: Payload, __: unknown, { viewer }: Context) => viewer?.id ?? null,
    },
  };

  let running = { life: createLifecycle({ log, drainMs: 200 }), port: 0 };
  async function start(): Promise<void> {
    const life = createLifecycle({ log, drainMs: 200 });
    const subgraph = createSubgraph<Context>({
      ...{ name: 'readings', typeDefs, resolvers, claimsSecret: CLAIMS_SECRET, log, life },
      createContext: (base) => base,
      metrics: createMetrics('readings'),
    });
    const { port } = await subgraph.listen(running.port, '127.0.0.1');
    running = { life, port };
  }
  await start();

  return {
    ...{ name: 'readings', url: `http://127.0.0.1:${running.port}/graphql`, typeDefs, viewers, start },
    get subscribers() {
      return subscribers;
    },
    get executed() {
      return executed;
    },
    async turn(id) {
      const page = (pages.get(id) ?? 0) + 1;
      pages.set(id, page);
      await publishEnvelope(publisher, keys, envelopeOf(id, page), ProgressUpdated.delivery);
      return page;
    },
    async stop() {
      await running.life.close();
      await eventually(() => subscribers === 0);
    },
    async close() {
      await topics.close();
      await running.life.close();
      await Promise.all(redis.map(closeRedis));
    },
  };
}

function envelopeOf(learnerId: string, revision: number): EventEnvelope<Payload> {
  const counts = { completedLessons: 0, totalLessons: 0, answeredProblems: 0, correctProblems: 0, totalProblems: 0 };
  return {
    ...{
      id: randomUUID(),
      name: ProgressUpdated.name,
      version: ProgressUpdated.version,
      key: learnerId,
      positions: {},
    },
    occurredAt: new Date().toISOString(),
    payload: {
      ...{ learnerId, courseId: randomUUID(), enrollmentId: randomUUID(), reason: 'LESSON_COMPLETED', lessonId: null },
      ...{ ...counts, percentage: 0, revision },
    },
  };
}
