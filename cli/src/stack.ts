/**
 * Opens what a command works on, checks that it answers, and closes it when the command is done.
 */
import { join } from 'node:path';
import {
  type Database,
  type DatabasePolicy,
  type Domain,
  openDatabase,
  readDatabasePolicy,
  ShardsPolicy,
} from '@lyceum/database';
import { createLogger, createRedisKeys, openPolicy } from '@lyceum/service-kit';
import { configFolder, type Environment, readStackEnvironment } from './config.ts';
import { Failure, reasonOf } from './failure.ts';

/** Of somebody who waits for a command, more patient than readiness. */
const CHECK_MS = 10_000;

type Databases<D extends Domain> = { readonly [Name in D]: Database<Name> };

/** Reads the shard map once, and hands the work the databases of the domains it names. */
export async function withDatabases<D extends Domain, T>(
  domains: readonly D[],
  work: (databases: Databases<D>) => Promise<T>,
): Promise<T> {
  const { variables, origin } = readStackEnvironment();
  // No Redis: what a command writes is no viewer's own write, and what it reads it asks of primaries.
  const log = createLogger('cli', { level: 'silent' });
  const shards = await readShards(variables);
  const policy = await readOwnPolicy(variables);
  const opened: Database<Domain>[] = [];
  try {
    for (const domain of domains) {
      const keys = createRedisKeys(variables.REDIS_PREFIX || 'lyceum');
      const database = await openDatabase<Domain>(domain, { env: variables, shards, policy, redis: null, keys, log });
      opened.push(database);
      await database.check(CHECK_MS).catch((error: unknown) => {
        throw new Failure(
          `The ${domain} databases named by ${origin} do not answer (${reasonOf(error)}). Is the stack running? \`npx lyceum doctor\` says more.`,
        );
      });
    }
    return await work(
      Object.fromEntries(opened.map((database) => [database.domain, database])) as unknown as Databases<D>,
    );
  } finally {
    await Promise.all(opened.map((database) => database.close()));
  }
}

export async function readShards(variables: Environment): Promise<{ readonly current: ShardsPolicy }> {
  const log = createLogger('cli', { level: 'silent' });
  return openPolicy(join(configFolder(variables), 'shards.yaml'), ShardsPolicy, { log, watch: false });
}

export async function readPools(variables: Environment): Promise<DatabasePolicy> {
  return readDatabasePolicy(configFolder(variables), createLogger('cli', { level: 'silent' }));
}

/** A command takes few connections: what the services leave is little, and others may work beside it. */
async function readOwnPolicy(variables: Environment): Promise<DatabasePolicy> {
  const { pools, ...policy } = await readPools(variables);
  const small = { read: { ...pools.read, max: 4 }, write: { ...pools.write, max: 4 } };
  return { ...policy, pools: { ...pools, ...small } };
}
