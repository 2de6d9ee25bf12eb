/**
 * What a service has to know before it opens databases: where shards begin, which pools it may have, and that all of them fit.
 */
import { join } from 'node:path';
import { type Environment, type Lifecycle, type Live, type Logger, openPolicy } from '@lyceum/service-kit';
import { assertConnectionsFit } from './connections/connection-limits.ts';
import { type DatabasePolicy, readDatabasePolicy } from './connections/database-policy.ts';
import { ShardsPolicy } from './map/shard-map.ts';

export interface DatabasePolicies {
  readonly env: Environment;
  readonly shards: Live<ShardsPolicy>;
  readonly policy: DatabasePolicy;
}

/**
 * `folder`: of `shards.yaml` and `database.yaml`. Throws a ConfigError that names every bad key, or the servers that cannot
 * give the connections of the whole deployment.
 */
export async function openDatabasePolicies(o: {
  readonly folder: string;
  readonly env: Environment;
  readonly life: Lifecycle;
  readonly log: Logger;
}): Promise<DatabasePolicies> {
  const { env, log } = o;
  const opening = openPolicy(join(o.folder, 'shards.yaml'), ShardsPolicy, { log });
  const shards = o.life.own('policy:shards', await opening, (p) => p.close());
  const policy = await readDatabasePolicy(o.folder, log);
  await assertConnectionsFit({ policy, shards: shards.current, env, log });
  return { env, shards, policy };
}
