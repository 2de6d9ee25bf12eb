/**
 * The types that repositories use: clients, transactions and rows of a domain.
 */
import type { EventDefinition, JobDefinition, PayloadOf } from '@lyceum/contracts';
import type * as ai from './__generated__/ai/client.ts';
import type * as courses from './__generated__/courses/client.ts';
import type * as progress from './__generated__/progress/client.ts';
import type * as users from './__generated__/users/client.ts';
import type { Domain } from './domain.ts';
import type { Workload } from './pools.ts';
import type { Sql } from './sql.ts';

export type { ai, courses, progress, users };

export interface PrismaClients {
  users: users.PrismaClient;
  courses: courses.PrismaClient;
  progress: progress.PrismaClient;
  ai: ai.PrismaClient;
}

interface TransactionClients {
  users: users.Prisma.TransactionClient;
  courses: courses.Prisma.TransactionClient;
  progress: progress.Prisma.TransactionClient;
  ai: ai.Prisma.TransactionClient;
}

type Writes =
  | 'create'
  | 'createMany'
  | 'createManyAndReturn'
  | 'update'
  | 'updateMany'
  | 'updateManyAndReturn'
  | 'upsert'
  | 'delete'
  | 'deleteMany';

/** A domain's models without the methods that write, and `$queryRaw`. */
type ReadOnly<C> = { [K in keyof C as K extends `$${string}` | symbol ? never : K]: Omit<C[K], Writes> } & Pick<
  C,
  Extract<keyof C, '$queryRaw'>
>;

/**
 * For reading, from the primary or a replica. Writes go through `session.transaction`, which remembers them for the
 * viewer. A `Tx` fits where a `Client` is asked for.
 */
export type Client<D extends Domain> = ReadOnly<PrismaClients[D]>;

/** What leaves the database after the transaction committed, and only then. */
export interface OutboxWriter {
  /** At least once, in the order of commits per key. Throws if the payload does not fit the event's schema. */
  add<E extends EventDefinition>(event: E, payload: PayloadOf<E>): Promise<void>;
  /** The job is queued once per key as long as it is in the queue. */
  enqueue<J extends JobDefinition>(job: J, payload: PayloadOf<J>): Promise<void>;
}

/** A transaction on a shard's primary. Read in it what you decide on; keep it short. */
export type Tx<D extends Domain> = TransactionClients[D] & { readonly outbox: OutboxWriter };

/**
 * How fresh a read must be.
 * - `session` (default): at least as new as what this viewer wrote or was shown by an event.
 * - `primary`: the latest committed.
 * - `eventual`: whatever a healthy replica has.
 */
export type Consistency = 'session' | 'primary' | 'eventual';

/** One of the shards that a query asks. */
export interface ShardPlace {
  readonly shard: string;
  /** Whether a row counts here, by an id that carries its bucket. */
  owns(id: string): boolean;
  /** `AND …` for a WHERE clause that leaves out what does not count here; `column` holds such an id. Mostly empty. */
  owned(column: string): Sql;
}

export interface DatabaseSession<D extends Domain> {
  /** Runs `work` on the primary of the key's shard, commits, and remembers the position for this viewer's later reads. */
  transaction<T>(shardKey: string, work: (tx: Tx<D>) => Promise<T>): Promise<T>;
  /** A client of the key's shard that is fresh enough. Use it at once; do not keep it. */
  read(shardKey: string, consistency?: Consistency): Promise<Client<D>>;
  /** Groups ids by shard: one call of `work` per shard, results joined in no order. Ids that are no ids are left out. */
  byShard<T>(
    ids: readonly string[],
    work: (client: Client<D>, ids: string[]) => Promise<T[]>,
    consistency?: Consistency,
  ): Promise<T[]>;
  /**
   * Asks every shard, a few at a time; the results in order of the shards. While buckets move, a shard holds rows that
   * another one serves: leave them out by `place`. Throws if any shard cannot be asked.
   */
  everyShard<T>(work: (client: Client<D>, place: ShardPlace) => Promise<T>, consistency?: Consistency): Promise<T[]>;
  /**
   * For reference copies, which every shard holds: a transaction on each, all at once. `work` must be idempotent: throws
   * if any shard failed, after trying them all, and runs again for all when a shard joins meanwhile.
   */
  everywhere<T>(work: (tx: Tx<D>) => Promise<T>): Promise<T[]>;
  /** From now on this session reads nothing older than these positions (`positions` of an event's envelope). */
  observe(positions: Readonly<Record<string, string>>): void;
}

/** A value that an owner is about to take, such as an e-mail address for a new account. */
export interface Claim {
  readonly kind: string;
  readonly value: string;
  readonly ownerId: string;
  /** Whether the row of an owner is there; asked of a primary. */
  readonly exists: (ownerId: string) => Promise<boolean>;
}

/** Values that are unique across shards. */
export interface Directory {
  /**
   * Claims the value, runs `write`, which commits the owner's row, and confirms. Null, and nothing written, if the value
   * is another's: exactly one of several concurrent claims wins. Within a claim of its own an owner may claim more.
   *
   * If `write` throws, the value is given up, unless the owner is there all the same (the connection broke after the
   * commit). A claim whose process died is taken over after a minute, unless its owner was written.
   */
  withClaim<T>(claim: Claim, write: () => Promise<T>): Promise<T | null>;
  /** Who holds the value. The owner's row may not (yet) be there: look it up, and treat a missing one as nobody. */
  lookup(kind: string, value: string): Promise<string | null>;
}

export interface Database<D extends Domain> {
  readonly domain: D;
  /** Shard names in order, as of now: shards may join. */
  readonly shards: readonly string[];
  readonly directory: Directory;
  /**
   * One per request, and per event of a subscription. Null for an anonymous viewer. `workload` names the connections of
   * reads and transactions; left out, `read` and `write`.
   */
  session(viewerId: string | null, workload?: Workload): DatabaseSession<D>;
  shardOf(id: string): string;
  /**
   * For a person who is about to hear of an event: their requests of the next minute, in every domain, read nothing older
   * than its positions. Without Redis nothing is kept, and session reads go to primaries.
   */
  foretell(viewerId: string, positions: Readonly<Record<string, string>>): Promise<void>;
  /** Throws if a primary does not answer in time (2 s). Replicas may be away: reads then go to primaries. */
  check(timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}
