/**
 * Where a domain's databases are: `DATABASE_URL_<DOMAIN>_<SHARD>` and `DATABASE_REPLICA_URLS_<DOMAIN>_<SHARD>`.
 *
 * A shard map may name other servers, by host and port alone: user, password, database and options are then those of the
 * shard's own URL, or of the domain's first shard if the environment knows nothing of it yet.
 */
import { ConfigError, type Environment } from '@lyceum/service-kit';
import type { Domain } from './domain.ts';
import type { Member } from './shard-map.ts';

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

/** `member`: what the map says of the shard. Throws a ConfigError if neither the map nor the environment has an address. */
export function urlsOfShard(env: Environment, domain: Domain, shard: string, member: Member | null): ShardUrls {
  if (member === null) return readDatabaseUrls(env, domain, [shard])[shard]!;
  const model = env[`DATABASE_URL_${domain}_${shard}`.toUpperCase()] ?? anyUrl(env, domain);
  const at = (address: string): string => {
    const url = new URL(model);
    url.host = address;
    return url.href;
  };
  return { primary: at(member.primary), replicas: member.replicas.map(at) };
}

function anyUrl(env: Environment, domain: Domain): string {
  const prefix = `DATABASE_URL_${domain.toUpperCase()}_`;
  const name = Object.keys(env)
    .filter((key) => key.startsWith(prefix) && env[key])
    .sort()[0];
  if (!name) throw new ConfigError('The environment', [`${prefix}<SHARD>: is not set for any shard`]);
  return env[name]!;
}

/** The host and port of a URL, as a shard map names a server. */
export function addressOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? '5432' : port}`;
}
