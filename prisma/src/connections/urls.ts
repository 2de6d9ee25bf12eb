/**
 * Where a domain's databases are: `DATABASE_URL_<DOMAIN>_<SHARD>` and `DATABASE_REPLICA_URLS_<DOMAIN>_<SHARD>`.
 *
 * Where these name poolers, `DATABASE_DIRECT_URL_…` and `DATABASE_DIRECT_REPLICA_URLS_…` name the servers behind them, for
 * what needs a session of its own: LISTEN, locks that outlive a transaction, migrations, backups, moves.
 *
 * A shard map may name other servers, by host and port alone: user, password, database and options are then those of the
 * shard's own URL, or of the domain's first shard if the environment knows nothing of it yet. Such an address is a server's,
 * never a pooler's; if it is the direct one of the environment, the pooler before it is used.
 */
import { ConfigError, type Environment } from '@lyceum/service-kit';
import type { Domain } from '../domain.ts';
import type { Member } from '../map/shard-map.ts';

export interface ServerUrls {
  readonly primary: string;
  readonly replicas: readonly string[];
}

export interface ShardUrls extends ServerUrls {
  /** Past the poolers, if there are any. */
  readonly direct?: ServerUrls;
}

/** By shard name. */
export type DatabaseUrls = Readonly<Record<string, ShardUrls>>;

const POSTGRES_URL = /^postgres(ql)?:\/\/./;

/** Replicas may be none, separated by commas. Throws one ConfigError that names every bad variable. */
export function readDatabaseUrls(env: Environment, domain: Domain, shards: readonly string[]): DatabaseUrls {
  const problems: string[] = [];
  const entries = shards.map((shard) => {
    const suffix = `${domain}_${shard}`.toUpperCase();
    const one = (name: string): string => {
      const url = env[name] ?? '';
      if (url !== '' && !POSTGRES_URL.test(url)) problems.push(`${name}: must be a postgres:// URL`);
      return url;
    };
    const several = (name: string): string[] => {
      const urls = listOf(env[name]);
      if (urls.some((url) => !POSTGRES_URL.test(url))) {
        problems.push(`${name}: must be postgres:// URLs separated by commas`);
      }
      return urls;
    };
    const primary = one(`DATABASE_URL_${suffix}`);
    if (primary === '') problems.push(`DATABASE_URL_${suffix}: is not set`);
    const replicas = several(`DATABASE_REPLICA_URLS_${suffix}`);
    const directPrimary = one(`DATABASE_DIRECT_URL_${suffix}`);
    const directReplicas = several(`DATABASE_DIRECT_REPLICA_URLS_${suffix}`);
    if (directPrimary === '' && directReplicas.length === 0) return [shard, { primary, replicas }] as const;
    const direct = {
      primary: directPrimary || primary,
      replicas: directReplicas.length > 0 ? directReplicas : replicas,
    };
    return [shard, { primary, replicas, direct }] as const;
  });
  if (problems.length > 0) throw new ConfigError('The environment', problems);
  return Object.fromEntries(entries);
}

/** `member`: what the map says of the shard. Throws a ConfigError if neither the map nor the environment has an address. */
export function urlsOfShard(env: Environment, domain: Domain, shard: string, member: Member | null): ShardUrls {
  if (member === null) return readDatabaseUrls(env, domain, [shard])[shard]!;
  const suffix = `${domain}_${shard}`.toUpperCase();
  const known = env[`DATABASE_URL_${suffix}`] ? readDatabaseUrls(env, domain, [shard])[shard]! : null;
  const model = (known && directOf(known).primary) ?? anyUrl(env, domain);
  const at = (address: string): string => {
    const url = new URL(model);
    url.host = address;
    return url.href;
  };
  const direct = { primary: at(member.primary), replicas: member.replicas.map(at) };
  const poolers = known?.direct ? poolersByAddress(known, known.direct) : new Map<string, string>();
  if (![member.primary, ...member.replicas].some((address) => poolers.has(address))) return direct;
  const through = (address: string) => poolers.get(address) ?? at(address);
  return { primary: through(member.primary), replicas: member.replicas.map(through), direct };
}

/** The servers themselves. */
export function directOf(urls: ShardUrls): ServerUrls {
  return urls.direct ?? urls;
}

function poolersByAddress(urls: ServerUrls, direct: ServerUrls): Map<string, string> {
  const pairs = [urls.primary, ...urls.replicas].map((url, index) => {
    const server = [direct.primary, ...direct.replicas][index];
    return [server && addressOf(server), url] as const;
  });
  return new Map(pairs.flatMap(([address, url]) => (address ? [[address, url] as const] : [])));
}

function listOf(urls = ''): string[] {
  return urls
    .split(',')
    .map((url) => url.trim())
    .filter((url) => url !== '');
}

function anyUrl(env: Environment, domain: Domain): string {
  const prefix = `DATABASE_URL_${domain.toUpperCase()}_`;
  const name = Object.keys(env)
    .filter((key) => key.startsWith(prefix) && env[key])
    .sort()[0];
  if (!name) throw new ConfigError('The environment', [`${prefix}<SHARD>: is not set for any shard`]);
  return env[name.replace(/^DATABASE_URL_/, 'DATABASE_DIRECT_URL_')] || env[name]!;
}

/** The host and port of a URL, as a shard map names a server. */
export function addressOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? '5432' : port}`;
}
