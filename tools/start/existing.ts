/**
 * Servers that exist already, named by DATABASE_URL_* and REDIS_URL: all that are needed are checked, and everything that
 * is missing or cannot be reached is told at once.
 */
import { DOMAINS, type Domain } from '@lyceum/database';
import { checkRedis, closeRedis, connectRedis, createLogger } from '@lyceum/service-kit';
import pg from 'pg';
import type { Environment } from './config.ts';

export type ShardsByDomain = Readonly<Record<Domain, readonly string[]>>;

/** Whether the environment names any database: then it must name all. */
export function namesDatabases(environment: Environment): boolean {
  return Object.entries(environment).some(([name, value]) => name.startsWith('DATABASE_URL_') && value);
}

/** The database variables of the environment. Throws one error that lists every problem. */
export async function existingDatabases(
  environment: Environment,
  shards: ShardsByDomain,
): Promise<Record<string, string>> {
  const variables: Record<string, string> = {};
  const problems: string[] = [];
  const check = async (name: string, url: string, role: 'primary' | 'replica') => {
    const problem = await databaseProblem(url, role);
    if (problem) problems.push(`${name}: ${problem}`);
  };
  const checks: Promise<void>[] = [];
  for (const domain of DOMAINS) {
    for (const shard of shards[domain]) {
      const suffix = `${domain}_${shard}`.toUpperCase();
      const url = environment[`DATABASE_URL_${suffix}`];
      const replicas = environment[`DATABASE_REPLICA_URLS_${suffix}`] ?? '';
      if (!url) problems.push(`DATABASE_URL_${suffix}: is not set`);
      else checks.push(check(`DATABASE_URL_${suffix}`, url, 'primary'));
      for (const replica of replicas.split(',').filter((entry) => entry.trim() !== '')) {
        checks.push(check(`DATABASE_REPLICA_URLS_${suffix}`, replica.trim(), 'replica'));
      }
      variables[`DATABASE_URL_${suffix}`] = url ?? '';
      variables[`DATABASE_REPLICA_URLS_${suffix}`] = replicas;
      for (const name of [`DATABASE_DIRECT_URL_${suffix}`, `DATABASE_DIRECT_REPLICA_URLS_${suffix}`]) {
        if (environment[name]) variables[name] = environment[name];
      }
    }
  }
  await Promise.all(checks);
  if (problems.length > 0) {
    throw new Error(`The databases named by the environment cannot be used:\n  ${problems.sort().join('\n  ')}`);
  }
  return variables;
}

async function databaseProblem(url: string, role: 'primary' | 'replica'): Promise<string | null> {
  let client: pg.Client;
  try {
    client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  } catch {
    return 'is not a postgres:// URL';
  }
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
    return role === 'primary' && rows[0]?.standby ? 'is a standby; writes need the primary' : null;
  } catch (error) {
    return `cannot be reached (${(error as Error).message || (error as NodeJS.ErrnoException).code})`;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Throws when the Redis that the environment names does not answer. */
export async function checkExistingRedis(url: string): Promise<void> {
  const redis = await connectRedis(url, 'cache', { log: createLogger('launcher', { level: 'silent' }), waitMs: 3_000 });
  try {
    await checkRedis(redis);
  } catch (error) {
    throw new Error(`REDIS_URL: cannot be reached (${(error as Error).message})`);
  } finally {
    await closeRedis(redis);
  }
}
