/**
 * The types that repositories use: clients, transactions and rows of a domain.
 */
import type { EventDefinition, JobDefinition, PayloadOf } from '@lyceum/contracts';
import type * as ai from './__generated__/ai/client.ts';
import type * as courses from './__generated__/courses/client.ts';
import type * as progress from './__generated__/progress/client.ts';
import type * as users from './__generated__/users/client.ts';
import type { Workload } from './connections/pools.ts';
import type { DirectoryKind } from './directory/kinds.ts';
import type { Domain } from './domain.ts';
import type { Sql } from './statements/sql.ts';

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

/** What a request was told of positions, and who wants to hear of its commits. Positions are those of events' envelopes. */
export interface SeenPositions {
  readonly known: Readonly<Record<string, string>>;
  committed(place: string, position: string): void;
}

export interface DatabaseSession<D extends Domain> {
  /** Runs `work` on the primary of the key's shard, commits, and remembers the position for this viewer's later reads. */
  transaction<T>(shardKey: string, work: (tx: Tx<D>) => Promise<T>): Promise<T>;
  /** A client of the key's shard that is fresh enough. Use it at once; do not keep it. */
  read(shardKey: string, consistency?: Consistency): Promise<Client<D>>;
  /**
   * Groups ids by shard: one call of `work` per shard, results joined in no order. Ids that are no ids are left out. If a
   * shard fails, what failed first is thrown, and nothing is returned in part; shards without any of the ids are not asked.
   */
  byShard<T>(
    ids: readonly string[],
    work: (client: Client<D>, ids: string[]) => Promise<T[]>,
    consistency?: Consistency,
  ): Promise<T[]>;
  /**
   * Asks every shard, a few at a time; the results in order of the shards. While buckets move, a shard holds rows that
   * another one serves: leave them out by `place`. If any shard fails, what failed first is thrown, and nothing is returned
   * in part: a list without one shard's rows would look whole.
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

/** Values that an owner is about to take, such as an e-mail address for a new account. */
export interface Claims<D extends Domain> {
  readonly ownerId: string;
  /** By kind. */
  readonly values: Readonly<Partial<Record<DirectoryKind<D>, string>>>;
}

/** What became of an unconfirmed claim; `left`: it is being written, was settled by another, or cannot be settled now. */
export type Settled = 'confirmed' | 'released' | 'left';

/** Values that are unique across shards. `directory/directory.ts` says what holds, and on what conditions. */
export interface Directory<D extends Domain> {
  /**
   * Claims the values, runs `write` in a transaction on the owner's shard, and confirms. `write` puts the owner's row with
   * these values. `taken`: this value is another's, and nothing was written; of several concurrent claims exactly one
   * wins. An owner may claim again what it holds. Not to be called within a transaction or another `write`.
   *
   * If the transaction fails, the values are given up, unless the owner is there all the same (the connection broke after
   * the commit). The claim of a process that died is released by the sweeper or by the next who wants the value, a minute
   * later, unless its owner was written. Throws SERVICE_UNAVAILABLE if too many wait already.
   */
  withClaims<T>(
    session: DatabaseSession<D>,
    claims: Claims<D>,
    write: (tx: Tx<D>) => Promise<T>,
  ): Promise<{ readonly written: T } | { readonly taken: DirectoryKind<D> }>;
  /** Who holds the value. The owner's row may not (yet) be there: look it up, and treat a missing one as nobody. */
  lookup(kind: DirectoryKind<D>, value: string): Promise<string | null>;
  /**
   * Settles all claims on a shard that have been unconfirmed for longer than the grace (a minute unless said): confirms
   * those whose owner is there, releases the others. Any number may sweep at once. Throws if the shard does not answer.
   */
  sweep(shard: string, options?: { graceMs?: number; signal?: AbortSignal }): Promise<Record<Settled, number>>;
}

export interface Database<D extends Domain> {
  readonly domain: D;
  /** Shard names in order, as of now: shards may join. */
  readonly shards: readonly string[];
  readonly directory: Directory<D>;
  /**
   * One per request, and per event of a subscription. Null for an anonymous viewer. It reads nothing older than `seen`.
   * `workload` names whose connections it uses; left out, those for reads and writes of requests.
   */
  session(viewerId: string | null, seen?: SeenPositions, workload?: Workload): DatabaseSession<D>;
  shardOf(id: string): string;
  /**
   * For a person who is about to hear of an event: their requests of the next minute, in every domain, read nothing older
   * than its positions. Without Redis nothing is kept, and session reads go to primaries.
   */
  foretell(viewerId: string, positions: Readonly<Record<string, string>>): Promise<void>;
  /** Throws if a primary does not answer in time (2 s). Replicas may be away: reads then go to primaries. */
  check(timeoutMs?: number): Promise<void>;
  /**
   * For readiness. Throws if no primary answers in time (2 s): a shard that is away costs its own learners, and must not
   * take every process from all others.
   */
  checkAny(): Promise<void>;
  close(): Promise<void>;
}
