/**
 * Direct connections to the primaries of a domain, for who changes the shard map. Past any pooler, which would lose locks
 * and cannot build indexes.
 */
import type { Environment } from '@lyceum/service-kit';
import pg from 'pg';
import { survive } from '../connections/pools.ts';
import { directOf, type ServerUrls, urlsOfShard } from '../connections/urls.ts';
import type { Domain } from '../domain.ts';
import type { Member, ShardMap } from '../map/shard-map.ts';
import { type Queryable, readShardMap } from '../map/shard-map-store.ts';
import { inPgTransaction } from '../statements/pg-transaction.ts';
import { ShardsError } from './errors.ts';

const CONNECT_MS = 5_000;
const ANSWER_MS = 5_000;
/** The first five are all that the text of a value, and so a checksum, depends on. */
const OPTIONS = [
  'timezone=UTC',
  'datestyle=ISO,YMD',
  'intervalstyle=postgres',
  'extra_float_digits=1',
  'bytea_output=hex',
  'statement_timeout=0',
  'lock_timeout=30s',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/**
 * For what a server answers at once if it is well: what it is, and which map it knows. Otherwise it throws after 5 s, and the
 * connection is given up. Copies and index builds take as long as they take.
 */
export function bounded(server: pg.Pool): Queryable {
  return {
    query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]) {
      // pg's types know it of connections alone.
      const question: pg.QueryConfig & { query_timeout: number } = { text, values, query_timeout: ANSWER_MS };
      return server.query<Row>(question);
    },
  };
}

export interface LinesOptions {
  readonly env: Environment;
  readonly domain: Domain;
  /** Used while no database holds a map. */
  readonly first: ShardMap;
}

export class Lines {
  readonly domain: Domain;
  readonly #o: LinesOptions;
  readonly #pools = new Map<string, pg.Pool>();
  #map: ShardMap;

  constructor(options: LinesOptions) {
    this.domain = options.domain;
    this.#o = options;
    this.#map = options.first;
  }

  /** As it was read or made last. */
  get map(): ShardMap {
    return this.#map;
  }

  /** The shard that holds the lock and the record of changes: the first by name of those that began. */
  get home(): string {
    return Object.keys(this.#o.first.members).sort()[0]!;
  }

  get names(): string[] {
    return Object.keys(this.#map.members).sort();
  }

  urlsOf(shard: string): ServerUrls {
    return this.#urlsBy(this.#map, shard);
  }

  /** The primary of the shard as a server knows it, which may have missed the latest map. */
  async primaryKnownTo(server: pg.Pool, shard: string): Promise<string> {
    return this.#urlsBy((await readShardMap(bounded(server))) ?? this.#o.first, shard).primary;
  }

  /** Of the primary of a shard that is yet to join. */
  urlFor(shard: string, member: Member): string {
    return directOf(urlsOfShard(this.#o.env, this.domain, shard, member)).primary;
  }

  /** Of the shard's primary. */
  pool(shard: string): pg.Pool {
    const { primary } = this.urlsOf(shard);
    return this.at(primary);
  }

  /** Of any server, by URL. */
  at(url: string): pg.Pool {
    const known = this.#pools.get(url);
    if (known) return known;
    const pool = new pg.Pool({
      connectionString: url,
      max: 6,
      application_name: 'lyceum-shards',
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      options: OPTIONS,
    });
    pool.on('error', () => {});
    pool.on('connect', survive);
    this.#pools.set(url, pool);
    return pool;
  }

  /** Reads the newest map that any database holds. Throws if a primary does not answer that it names. */
  async refresh(): Promise<ShardMap> {
    await this.refreshFromAny();
    return this.#refreshBy(() =>
      Promise.all(
        this.names.map((name) =>
          readShardMap(bounded(this.pool(name))).catch((error) => {
            throw new ShardsError(`Shard ${name} of ${this.domain} does not answer: ${(error as Error).message}`, {
              cause: error,
            });
          }),
        ),
      ),
    );
  }

  /** Reads the newest map that any server holds, replicas included. Those that are away are passed over. */
  refreshFromAny(): Promise<ShardMap> {
    return this.#refreshBy(async () => {
      const urls = this.names
        .map((name) => this.urlsOf(name))
        .flatMap(({ primary, replicas }) => [primary, ...replicas]);
      const answers = await Promise.allSettled(urls.map((url) => readShardMap(bounded(this.at(url)))));
      return answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : null));
    });
  }

  async #refreshBy(readAll: () => Promise<(ShardMap | null)[]>): Promise<ShardMap> {
    for (;;) {
      const newest = (await readAll()).reduce<ShardMap>(
        (best, map) => (map && map.version > best.version ? map : best),
        this.#map,
      );
      if (newest === this.#map) return newest;
      // It may name more shards, which may know more.
      this.#map = newest;
    }
  }

  #urlsBy({ members }: ShardMap, shard: string): ServerUrls {
    return directOf(urlsOfShard(this.#o.env, this.domain, shard, members[shard] ?? null));
  }

  use(map: ShardMap): void {
    this.#map = map;
  }

  /** Runs `work` in a transaction on a connection of the shard's primary. */
  transaction<T>(shard: string, work: (client: pg.PoolClient) => Promise<T>, begin?: string): Promise<T> {
    return inPgTransaction(this.pool(shard), work, begin);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()));
  }
}
