/**
 * A tenant: fresh databases on every shard and a key space of its own in Redis, so that tests never meet.
 */
import { randomBytes } from 'node:crypto';
import type { Domain } from '@lyceum/database';
import { databaseUrl, type ShardCoordinates, stackCoordinates } from './coordinates.ts';
import { eventually } from './eventually.ts';
import { withConnection } from './sql.ts';
import { cloneTemplate } from './templates.ts';

export interface Tenant extends AsyncDisposable {
  readonly id: string;
  /** Everything but PORT and the addresses of other services, ready for `loadEnv` or a process. */
  readonly env: Record<string, string>;
  /** The URL of a domain's database, for a test that looks at rows. */
  databaseUrl(domain: Domain, shard: string, role?: 'primary' | 'replica'): string;
  /** Makes one more shard of a domain, empty, as a database of its own on the servers of s2, and adds it to `env`. */
  openShard(domain: Domain, name: string): Promise<{ readonly primary: string; readonly replica: string }>;
  /** Waits until every replica shows what was committed before the call. */
  replicasCaughtUp(): Promise<void>;
  /** Drops the databases, connected or not. */
  close(): Promise<void>;
}

/** Returns once the databases are visible on the replicas as well. */
export async function openTenant(domains: readonly Domain[]): Promise<Tenant> {
  const stack = stackCoordinates();
  const id = `t${randomBytes(5).toString('hex')}`;
  const nameOf = (domain: Domain) => `${id}_${domain}`;
  await Promise.all(
    stack.shards.map(({ primaryUrl }) =>
      withConnection(primaryUrl, async (client) => {
        for (const domain of domains) await cloneTemplate(client, domain, nameOf(domain));
      }),
    ),
  );
  const replicasCaughtUp = async () => {
    await Promise.all(stack.shards.map(untilCaughtUp));
  };
  await replicasCaughtUp();

  const urlOf = (domain: Domain, shard: ShardCoordinates, role: 'primary' | 'replica') =>
    databaseUrl(role === 'primary' ? shard.primaryUrl : shard.replicaUrl, nameOf(domain));
  const env: Record<string, string> = {
    REDIS_URL: stack.redisUrl,
    REDIS_PREFIX: id,
    CLAIMS_SECRET: stack.claimsSecret,
    AUTH_PRIVATE_KEY_FILE: stack.privateKeyFile,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    EMBEDDED_TOKENS_PER_SECOND: '0',
  };
  for (const domain of domains) {
    for (const shard of stack.shards) {
      const suffix = `${domain}_${shard.name}`.toUpperCase();
      env[`DATABASE_URL_${suffix}`] = urlOf(domain, shard, 'primary');
      env[`DATABASE_REPLICA_URLS_${suffix}`] = urlOf(domain, shard, 'replica');
    }
  }
  const further: string[] = [];
  const close = async () => {
    const names = [...domains.map(nameOf), ...further];
    await Promise.all(
      stack.shards.map(({ primaryUrl }) =>
        withConnection(primaryUrl, async (client) => {
          for (const name of names) await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
        }),
      ),
    );
  };
  return {
    id,
    env,
    databaseUrl: (domain, shardName, role = 'primary') => {
      const shard = stack.shards.find(({ name }) => name === shardName);
      if (!shard) throw new Error(`There is no shard ${shardName}.`);
      return urlOf(domain, shard, role);
    },
    async openShard(domain, name) {
      const cluster = stack.shards.at(-1)!;
      const database = `${nameOf(domain)}_${name}`;
      further.push(database);
      await withConnection(cluster.primaryUrl, (client) => cloneTemplate(client, domain, database));
      await untilCaughtUp(cluster);
      const urls = {
        primary: databaseUrl(cluster.primaryUrl, database),
        replica: databaseUrl(cluster.replicaUrl, database),
      };
      const suffix = `${domain}_${name}`.toUpperCase();
      env[`DATABASE_URL_${suffix}`] = urls.primary;
      env[`DATABASE_REPLICA_URLS_${suffix}`] = urls.replica;
      return urls;
    },
    replicasCaughtUp,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function untilCaughtUp(shard: ShardCoordinates): Promise<void> {
  const written = await withConnection(shard.primaryUrl, async (client) => {
    const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn()::text AS lsn');
    return rows[0]?.lsn;
  });
  await withConnection(shard.replicaUrl, (client) =>
    eventually(
      async () => {
        const { rows } = await client.query('SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS reached', [written]);
        return rows[0]?.reached === true;
      },
      { everyMs: 2 },
    ),
  );
}
