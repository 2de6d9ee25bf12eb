/**
 * Lyceum's databases on servers of the scenario's own: two shards with replicas, migrated as an operator does it, and
 * the servers of a third that nobody knows yet. Primaries may die, and replicas take their place.
 */
import { join } from 'node:path';
import { DOMAINS, type Domain, databaseName, migrate } from '@lyceum/database';
import { type LocalPostgres, type PostgresNode, type Shard, startPostgres } from '@lyceum/local-stack';
import pg from 'pg';

export interface Databases {
  /** What tells the services where they are. */
  readonly env: Readonly<Record<string, string>>;
  /** By name: those that services know. */
  readonly shards: readonly string[];
  /** Servers that are no shard yet: `host:port`. */
  readonly further: { readonly name: string; readonly primary: string; readonly replica: string } | null;
  /** The rows of every shard, or of one, from the server that takes its writes now. */
  read<Row extends pg.QueryResultRow>(
    domain: Domain,
    statement: string,
    values: readonly unknown[],
    shard?: string,
  ): Promise<Row[]>;
  /** SIGKILL to the server that takes the writes of a shard. It is not started again. */
  killPrimary(shard: string): Promise<void>;
  /** Returns once no replica shows anything new; log still arrives there. */
  pauseReplay(): Promise<void>;
  /** Returns once every replica shows what its primary had committed. */
  resumeReplay(): Promise<void>;
  /** Their data is not kept. */
  close(): Promise<void>;
}

export interface DatabasesOptions {
  /** Whether there are servers for a third shard. */
  readonly further?: boolean;
  /** Whether commits outlive their primary: two replicas of each shard, of which one has a commit before it is told. */
  readonly synchronous?: boolean;
}

/** Those of config/shards.yaml. */
const SHARDS = ['s1', 's2'];
const FURTHER = 's3';
const PATIENCE_MS = 10_000;
const SYNCHRONOUS = { durability: 'safe', replicas: 2, synchronousStandbyNames: 'ANY 1 (replica, replica_2)' } as const;

/** On failure nothing stays behind. */
export async function openDatabases(
  folder: string,
  { further = false, synchronous = false }: DatabasesOptions = {},
): Promise<Databases> {
  const postgres = await startPostgres({
    directory: join(folder, 'postgres'),
    shards: further ? [...SHARDS, FURTHER] : SHARDS,
    databases: DOMAINS.map(databaseName),
    ...(synchronous ? SYNCHRONOUS : { durability: 'fast' }),
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
    shards: SHARDS,
    further: third && {
      name: third.name,
      primary: address(third.primary.port),
      replica: address(third.replica.port),
    },
    async read<Row extends pg.QueryResultRow>(
      domain: Domain,
      statement: string,
      values: readonly unknown[],
      shard?: string,
    ) {
      const shards = shard === undefined ? postgres.shards : [postgres.shard(shard)];
      const readOne = async (each: Shard) =>
        query<Row>((await primaryOf(each)).url(databaseName(domain)), statement, values);
      return (await Promise.all(shards.map(readOne))).flat();
    },
    async killPrimary(shard) {
      await (await primaryOf(postgres.shard(shard))).kill('SIGKILL');
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

/** The one that takes writes now. */
async function primaryOf({ name, primary, replicas }: Shard): Promise<PostgresNode> {
  for (const server of [primary, ...replicas]) {
    if (server.pid === null) continue;
    const [row] = await server.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
    if (row?.standby === false) return server;
  }
  throw new Error(`no server of ${name} takes writes`);
}

function primaries(postgres: LocalPostgres, domain: Domain): Record<string, string> {
  return Object.fromEntries(
    postgres.shards.map(({ name, primary }) => [name, primary.url(databaseName(domain))] as const),
  );
}

function variables({ shards }: LocalPostgres): Record<string, string> {
  const known = shards.filter(({ name }) => SHARDS.includes(name));
  const entries = DOMAINS.flatMap((domain) =>
    known.flatMap(({ name, primary, replicas }) => {
      const suffix = `${domain}_${name}`.toUpperCase();
      const database = databaseName(domain);
      return [
        [`DATABASE_URL_${suffix}`, primary.url(database)],
        [`DATABASE_REPLICA_URLS_${suffix}`, replicas.map((replica) => replica.url(database)).join()],
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
