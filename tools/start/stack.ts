/**
 * The servers below the services: the local ones, or those that the environment names.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DOMAINS, databaseName, ShardsPolicy, shardsOf } from '@lyceum/database';
import { repositoryRoot, startPostgres, startRedis } from '@lyceum/local-stack';
import { parse } from 'yaml';
import { serverChild } from './children.ts';
import type { Environment } from './config.ts';
import { checkExistingRedis, existingDatabases, namesDatabases, type ShardsByDomain } from './existing.ts';
import { paths } from './state.ts';
import type { Supervisor } from './supervisor.ts';

const POSTGRES_PORT = 55_431;
const REDIS_PORT = 56_379;

export interface Opened {
  readonly variables: Record<string, string>;
  /** What the finished step shows. */
  readonly outcome: string;
}

type Report = (message: string) => void;

/** The shards of every domain, from config/shards.yaml. */
export async function readShards(environment: Environment): Promise<ShardsByDomain> {
  const file = join(environment.CONFIG_DIR || join(repositoryRoot, 'config'), 'shards.yaml');
  const policy = ShardsPolicy.parse(parse(await readFile(file, 'utf8')));
  const entries = DOMAINS.map((domain) => [domain, shardsOf(policy, domain)]);
  return Object.fromEntries(entries) as unknown as ShardsByDomain;
}

/** Gives the DATABASE_* variables. What is started here is the supervisor's from then on. */
export async function openPostgres(
  environment: Environment,
  shards: ShardsByDomain,
  supervisor: Supervisor,
  report: Report,
): Promise<Opened> {
  if (namesDatabases(environment)) {
    return { variables: await existingDatabases(environment, shards), outcome: 'those that the environment names' };
  }
  const names = [...new Set(DOMAINS.flatMap((domain) => shards[domain]))].sort();
  const postgres = await startPostgres({
    directory: paths.postgres,
    shards: names,
    ports: Object.fromEntries(
      names.map((name, at) => [name, { primary: POSTGRES_PORT + 2 * at, replicas: [POSTGRES_PORT + 2 * at + 1] }]),
    ),
    databases: DOMAINS.map(databaseName),
    durability: 'safe',
    onProgress: report,
  });
  // Stopped in reverse: a primary before its replica, so that the replica gets the last of the log.
  for (const shard of postgres.shards) {
    supervisor.watch(serverChild(`PostgreSQL ${shard.name} replica`, shard.replica));
    supervisor.watch(serverChild(`PostgreSQL ${shard.name} primary`, shard.primary));
  }
  const variables: Record<string, string> = {};
  for (const domain of DOMAINS) {
    const urls = postgres.urls(databaseName(domain));
    for (const shard of shards[domain]) {
      const suffix = `${domain}_${shard}`.toUpperCase();
      variables[`DATABASE_URL_${suffix}`] = urls[shard]?.primary ?? '';
      variables[`DATABASE_REPLICA_URLS_${suffix}`] = urls[shard]?.replicas.join(',') ?? '';
    }
  }
  const outcome = postgres.shards
    .map((shard) => `${shard.name} on ${shard.primary.port}, its replica on ${shard.replica.port}`)
    .join('; ');
  return { variables, outcome };
}

/** Gives REDIS_URL. */
export async function openRedis(environment: Environment, supervisor: Supervisor, report: Report): Promise<Opened> {
  if (environment.REDIS_URL) {
    await checkExistingRedis(environment.REDIS_URL);
    return { variables: { REDIS_URL: environment.REDIS_URL }, outcome: 'the one that REDIS_URL names' };
  }
  const redis = await startRedis({ directory: paths.redis, port: REDIS_PORT, onProgress: report });
  supervisor.watch(serverChild('Redis', redis));
  return { variables: { REDIS_URL: redis.url }, outcome: `on ${redis.port}` };
}
