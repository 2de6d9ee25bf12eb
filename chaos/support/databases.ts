/**
 * Lyceum's databases on servers of the scenario's own: two shards with replicas, migrated as an operator does it, and
 * the servers of a third that nobody knows yet.
 */
import { join } from 'node:path';
import { DOMAINS, type Domain, databaseName, migrate } from '@lyceum/database';
import { type LocalPostgres, startPostgres } from '@lyceum/local-stack';
import pg from 'pg';

export interface Databases {
  /** What tells the services where they are. */
  readonly env: Readonly<Record<string, string>>;
  /** Servers that are no shard yet: `host:port`. */
  readonly further: { readonly name: string; readonly primary: string; readonly replica: string } | null;
  /** The rows of every shard, from its primary. */
  read<Row extends pg.QueryResultRow>(domain: Domain, statement: string, values: readonly unknown[]): Promise<Row[]>;
  /** Returns once no replica shows anything new; log still arrives there. */
  pauseReplay(): Promise<void>;
  /** Returns once every replica shows what its primary had committed. */
  resumeReplay(): Promise<void>;
  /** Their data is not kept. */
  close(): Promise<void>;
}

/** Those of config/shards.yaml. */
const SHARDS = ['s1', 's2'];
const FURTHER = 's3';
const PATIENCE_MS = 10_000;

/** On failure nothing stays behind. */
export async function openDatabases(
  folder: string,
  { further = false }: { further?: boolean } = {},
): Promise<Databases> {
  const postgres = await startPostgres({
    directory: join(folder, 'postgres'),
    shards: further ? [...SHARDS, FURTHER] : SHARDS,
    databases: DOMAINS.map(databaseName),
    durability: 'fast',
  });
  try {
    await Promise.all(DOMAINS.map((domain) => migrate({ domain, urls: primaries(postgres, domain) })));
  } catch (error) {
    await postgres.stop('immediate');
    throw error;
  }
  const third = further ? postgres.shard(FURTHER) : null;
  const address = (port: number) => `127.0.0.1:${port}`;
  return {
    env: variables(postgres),
    further: third && {
      name: third.name,
      primary: address(third.primary.port),
      replica: address(third.replica.port),
    },
    async read<Row extends pg.QueryResultRow>(domain: Domain, statement: string, values: readonly unknown[]) {
      const urls = Object.values(primaries(postgres, domain));
      return (await Promise.all(urls.map((url) => query<Row>(url, statement, values)))).flat();
    },
    async pauseReplay() {
      await Promise.all(postgres.shards.flatMap(({ replicas }) => replicas.map((replica) => replica.pause())));
    },
    async resumeReplay() {
      await Promise.all(postgres.shards.flatMap(({ replicas }) => replicas.map((replica) => replica.resume())));
      await Promise.all(postgres.shards.map((shard) => shard.caughtUp()));
    },
    close: () => postgres.stop('immediate'),
  };
}

function primaries(postgres: LocalPostgres, domain: Domain): Record<string, string> {
  return Object.fromEntries(
    postgres.shards.map(({ name, primary }) => [name, primary.url(databaseName(domain))] as const),
  );
}

function variables({ shards }: LocalPostgres): Record<string, string> {
  const known = shards.filter(({ name }) => SHARDS.includes(name));
  const entries = DOMAINS.flatMap((domain) =>
    known.flatMap(({ name, primary, replica }) => {
      const suffix = `${domain}_${name}`.toUpperCase();
      const database = databaseName(domain);
      return [
        [`DATABASE_URL_${suffix}`, primary.url(database)],
        [`DATABASE_REPLICA_URLS_${suffix}`, replica.url(database)],
      ];
    }),
  );
  return Object.fromEntries(entries);
}

async function query<Row extends pg.QueryResultRow>(url: string, statement: string, values: readonly unknown[]) {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(statement, [...values])).rows;
  } finally {
    await client.end().catch(() => {});
  }
}
