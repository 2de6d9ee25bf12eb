/**
 * Where a domain's databases are: `DATABASE_URL_<DOMAIN>_<SHARD>` and `DATABASE_REPLICA_URLS_<DOMAIN>_<SHARD>`.
 */
import { ConfigError, type Environment } from '@lyceum/service-kit';
import type { Domain } from './domain.ts';

export interface ShardUrls {
  readonly primary: string;
  readonly replicas: readonly string[];
}

/** By shard name. */
export type DatabaseUrls = Readonly<Record<string, ShardUrls>>;

const POSTGRES_URL = /^postgres(ql)?:\/\/./;

/** Replicas may be none, separated by commas. Throws one ConfigError that names every bad variable. */
export function readDatabaseUrls(env: Environment, domain: Domain, shards: readonly string[]): DatabaseUrls {
  const problems: string[] = [];
  const entries = shards.map((shard) => {
    const suffix = `${domain}_${shard}`.toUpperCase();
    const primary = env[`DATABASE_URL_${suffix}`] ?? '';
    if (primary === '') problems.push(`DATABASE_URL_${suffix}: is not set`);
    else if (!POSTGRES_URL.test(primary)) problems.push(`DATABASE_URL_${suffix}: must be a postgres:// URL`);
    const replicas = (env[`DATABASE_REPLICA_URLS_${suffix}`] ?? '')
      .split(',')
      .map((url) => url.trim())
      .filter((url) => url !== '');
    if (replicas.some((url) => !POSTGRES_URL.test(url))) {
      problems.push(`DATABASE_REPLICA_URLS_${suffix}: must be postgres:// URLs separated by commas`);
    }
    return [shard, { primary, replicas }] as const;
  });
  if (problems.length > 0) throw new ConfigError('The environment', problems);
  return Object.fromEntries(entries);
}
