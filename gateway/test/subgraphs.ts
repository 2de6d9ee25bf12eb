/**
 * Three small real subgraphs about books, on loopback, with the contract of Lyceum's own: signed claims or no answer.
 */
import { EventEmitter, on } from 'node:events';
import { composeServices } from '@apollo/composition';
import type { Viewer } from '@lyceum/contracts';
import { createLifecycle, createLogger, createMetrics, type Lifecycle, LyceumError } from '@lyceum/service-kit';
import { type BaseContext, createSubgraph } from '@lyceum/subgraph-kit';
import { parse } from 'graphql';
import { BROKEN_BOOK, createTicks, TICKS_LINK, TICKS_TYPES } from './ticks.ts';

export const CLAIMS_SECRET = 'a secret for tests that is long enough to sign with';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n';

const typeDefs = {
  people: `${LINK}
    type Person @key(fields: "id") { id: ID! name: String! }
    type Seen { viewerId: ID requestId: String! }
    type Query {
      person(id: ID!): Person
      "Who this subgraph believes is asking."
      seen: Seen!
      "Answers when the test lets it."
      slow: String!
    }
    type Mutation { rename(id: ID!, name: String!): Person! }`,
  library: `${LINK}
    enum Shelf { FICTION SCIENCE }
    type Book @key(fields: "id") { id: ID! title: String! author: Person! editor: Person }
    type Person @key(fields: "id", resolvable: false) { id: ID! }
    type Query { books(shelf: Shelf): [Book!]! book(id: ID!): Book }`,
  reviews: `extend schema ${TICKS_LINK}
    ${TICKS_TYPES}
    type Review { stars: Int! book: Book! reviewer: Person! }
    type Book @key(fields: "id") { id: ID! reviews: [Review!] stars: Float }
    type Person @key(fields: "id", resolvable: false) { id: ID! }
    type Query {
      "Throws what is in no catalogue."
      fault: String
      "Throws FORBIDDEN."
      denied: String
      "Gives null against its type."
      broken: [Review!]
    }
    type Subscription { reviewAdded(bookId: ID): Review! }`,
};
type Name = keyof typeof typeDefs;

const people = [
  { id: 'p1', name: 'Ursula' },
  { id: 'p2', name: 'Stanisław' },
];
const books = [
  { id: 'b1', title: 'The Dispossessed', author: { id: 'p1' }, editor: { id: 'p2' } },
  { id: 'b2', title: 'Solaris', author: { id: 'p2' }, editor: { id: 'gone' } },
];
const reviews = [{ stars: 5, book: { id: 'b1' }, reviewer: { id: 'p2' } }];

export interface ReviewEvent {
  stars: number;
  book: { id: string };
  reviewer: { id: string };
}

export interface SubgraphSource {
  readonly name: string;
  readonly url: string;
  readonly typeDefs: string;
}

export interface TestSubgraphs {
  readonly sdl: string;
  /** The graph of these subgraphs and more of them. */
  compose(...more: readonly SubgraphSource[]): string;
  /** Every operation that a resolver of a root field or reference has seen, as `subgraph.field`. */
  readonly calls: string[];
  readonly viewers: (Viewer | null)[];
  readonly urls: Readonly<Record<Name, string>>;
  /** Delivers to every subscription that is open. */
  emit(review: ReviewEvent): void;
  readonly subscribers: number;
  readonly ticks: Pick<ReturnType<typeof createTicks>, 'emit' | 'followers' | 'last'>;
  /** Lets every `slow` field answer. */
  release(): void;
  stop(name: Name): Promise<void>;
  start(name: Name): Promise<void>;
  close(): Promise<void>;
}

export async function startSubgraphs(): Promise<TestSubgraphs> {
  const calls: string[] = [];
  const viewers: (Viewer | null)[] = [];
  const bus = new EventEmitter().setMaxListeners(0);
  const ticks = createTicks();
  const log = createLogger('test', { level: 'silent' });
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });

  const resolvers: Record<Name, object> = {
    people: {
      Query: {
        person: (_: unknown, { id }: { id: string }) => people.find((person) => person.id === id) ?? null,
        seen: (_: unknown, __: unknown, { viewer, requestId }: BaseContext) => {
          calls.push('people.seen');
          viewers.push(viewer);
          return { viewerId: viewer?.id ?? null, requestId };
        },
        slow: async (_: unknown, __: unknown, { signal }: BaseContext) => {
          calls.push('people.slow');
          signal.addEventListener('abort', () => calls.push('people.slow is not waited for'));
          await released;
          return 'at last';
        },
      },
      Mutation: {
        rename: (_: unknown, { id, name }: { id: string; name: string }) => {
          calls.push('people.rename');
          return { id, name };
        },
      },
      Person: {
        __resolveReference: ({ id }: { id: string }) => {
          calls.push('people.Person');
          return people.find((person) => person.id === id) ?? null;
        },
      },
    },
    library: {
      Query: {
        books: () => {
          calls.push('library.books');
          return books;
        },
        book: (_: unknown, { id }: { id: string }) => books.find((book) => book.id === id) ?? null,
      },
      Book: {
        __resolveReference: ({ id }: { id: string }) => {
          calls.push('library.Book');
          if (id === BROKEN_BOOK) throw 'a text';
          return books.find((book) => book.id === id) ?? null;
        },
      },
    },
    reviews: {
      Query: {
        fault: () => {
          throw new Error('the password of the database is hunter2');
        },
        denied: () => {
          throw new LyceumError('FORBIDDEN', 'Not for you.');
        },
        broken: () => [null],
      },
      Book: {
        __resolveReference: ({ id }: { id: string }) => ({ id }),
        reviews: ({ id }: { id: string }) => reviews.filter((review) => review.book.id === id),
        stars: () => 5,
      },
      Subscription: {
        ...ticks.resolvers,
        reviewAdded: {
          async *subscribe(_: unknown, { bookId }: { bookId?: string }, { signal }: BaseContext) {
            for await (const [review] of on(bus, 'review', { signal })) {
              if (bookId === undefined || bookId === review.book.id) yield { reviewAdded: review };
            }
          },
        },
      },
    },
  };

  const running = new Map<Name, { life: Lifecycle; port: number }>();
  async function start(name: Name): Promise<void> {
    const life = createLifecycle({ log, drainMs: 200 });
    const subgraph = createSubgraph<BaseContext>({
      name,
      typeDefs: typeDefs[name],
      resolvers: resolvers[name],
      claimsSecret: CLAIMS_SECRET,
      createContext: (base) => base,
      log,
      metrics: createMetrics(name),
      life,
    });
    const { port } = await subgraph.listen(running.get(name)?.port ?? 0, '127.0.0.1');
    running.set(name, { life, port });
  }
  const names = Object.keys(typeDefs) as Name[];
  await Promise.all(names.map(start));
  const urlOf = (name: Name) => `http://127.0.0.1:${running.get(name)?.port}/graphql`;

  function compose(...more: readonly SubgraphSource[]): string {
    const own = names.map((name) => ({ name, url: urlOf(name), typeDefs: typeDefs[name] }));
    const { supergraphSdl, errors } = composeServices(
      [...own, ...more].map((source) => ({ ...source, typeDefs: parse(source.typeDefs) })),
    );
    if (!supergraphSdl) throw new Error(errors?.map((error) => error.message).join('\n'));
    return supergraphSdl;
  }

  return {
    sdl: compose(),
    compose,
    calls,
    viewers,
    urls: { people: urlOf('people'), library: urlOf('library'), reviews: urlOf('reviews') },
    emit: (review) => void bus.emit('review', review),
    get subscribers() {
      return bus.listenerCount('review');
    },
    ticks,
    release,
    start,
    stop: async (name) => await running.get(name)?.life.close(),
    async close() {
      release();
      await Promise.all([...running.values()].map(({ life }) => life.close()));
    },
  };
}
