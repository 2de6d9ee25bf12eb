/**
 * Compares what a deployment may open with what its servers give, once at start: a deployment that fits by luck alone fails
 * under load, with errors that name nothing.
 */
import { ConfigError, type Environment, type Logger } from '@lyceum/service-kit';
import pg from 'pg';
import { DOMAINS, type Domain } from '../domain.ts';
import { firstMap, type ShardMap, type ShardsPolicy } from '../map/shard-map.ts';
import { readShardMap } from '../map/shard-map-store.ts';
import { connectionBudget, type PlacedDatabase, type ServerBudget } from './connection-budget.ts';
import type { DatabasePolicy } from './database-policy.ts';
import { addressOf, type ShardUrls, urlsOfShard } from './urls.ts';

const TIMEOUT_MS = 2_000;
const NAMED_CONSUMERS = 4;

export interface ConnectionOptions {
  readonly policy: DatabasePolicy;
  readonly shards: ShardsPolicy;
  readonly env: Environment;
}

export interface ServerConnections extends ServerBudget {
  /** What the server gives to services; null if it was not asked, or did not answer. */
  readonly limit: number | null;
}

/**
 * Counts the domains whose URLs the environment holds, by the newest shard map of each. Servers that are away are not
 * compared, and none behind poolers.
 */
export async function surveyConnections(o: ConnectionOptions): Promise<ServerConnections[]> {
  const placed = (await Promise.all(DOMAINS.map((domain) => placesOf(o, domain)))).flat();
  const urls = new Map(placed.map(({ address, url }) => [address, url]));
  return await Promise.all(
    connectionBudget(o.policy, placed).map(async (server) => ({
      ...server,
      limit: o.policy.pooler ? null : await limitOf(urls.get(server.address)!, o.policy.spare),
    })),
  );
}

/** One line in the log. Throws a ConfigError that names each server that cannot give what is needed, and the remedy. */
export async function assertConnectionsFit(o: ConnectionOptions & { readonly log: Logger }): Promise<void> {
  const servers = await surveyConnections(o);
  const attributes = servers.map(({ address, role, connections, limit }) => ({ address, role, connections, limit }));
  o.log.info(
    { servers: attributes, processes: o.policy.processes, pooler: o.policy.pooler },
    o.policy.pooler
      ? 'connections that this deployment may open to its poolers; what they open to servers is theirs to limit'
      : 'connections that this deployment may open, and what each server gives',
  );
  const problems = servers.flatMap((server) => connectionProblem(server) ?? []);
  if (problems.length > 0) throw new ConfigError('config/database.yaml', problems);
}

/** Null if it fits, or nothing is known of the server. */
export function connectionProblem({ address, connections, limit, consumers }: ServerConnections): string | null {
  if (limit === null || connections <= limit) return null;
  const biggest = consumers.slice(0, NAMED_CONSUMERS).map((each) => `${each.name} ${each.connections}`);
  return (
    `${address} gives ${limit} connections (max_connections less what is reserved and \`spare\`), but up to ${connections} ` +
    `may be opened, most of them by ${biggest.join(', ')}. Lower pools.*.max or processes.*, raise max_connections, or put a ` +
    'pooler in between (pooler: true)'
  );
}

type LocatedDatabase = PlacedDatabase & { readonly url: string };

async function placesOf(o: ConnectionOptions, domain: Domain): Promise<LocatedDatabase[]> {
  const first = firstMap(o.shards, domain);
  const places = locate(o.env, domain, first);
  if (places.length === 0 || o.policy.pooler) return places;
  const primaries = places.filter(({ role }) => role === 'primary');
  const maps = await Promise.all(primaries.map(({ url }) => ask(url, (client) => readShardMap(client))));
  const newest = maps.reduce<ShardMap>((best, map) => (map && map.version > best.version ? map : best), first);
  return newest === first ? places : locate(o.env, domain, newest);
}

/** None of a domain whose URLs this process is not told. */
function locate(env: Environment, domain: Domain, { members }: ShardMap): LocatedDatabase[] {
  const urls = Object.entries(members).map(([shard, member]): ShardUrls | null => {
    try {
      return urlsOfShard(env, domain, shard, member);
    } catch {
      return null;
    }
  });
  return urls.flatMap((known) =>
    known
      ? [
          { domain, role: 'primary', address: addressOf(known.primary), url: known.primary } as const,
          ...known.replicas.map((url) => ({ domain, role: 'replica', address: addressOf(url), url }) as const),
        ]
      : [],
  );
}

async function limitOf(url: string, spare: number): Promise<number | null> {
  return await ask(url, async (client) => {
    const { rows } = await client.query<{ free: number }>(
      `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
         - coalesce(current_setting('reserved_connections', true), '0')::int AS free`,
    );
    return rows[0]!.free - spare;
  });
}

/** Null if the server does not answer. */
async function ask<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T | null> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'lyceum-budget',
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } catch {
    return null;
  } finally {
    await client.end().catch(() => {});
  }
}
