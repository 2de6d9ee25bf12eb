/**
 * What the tests of this workspace share: opening a domain's database of a tenant, with its metrics at hand.
 */
import { readFile } from 'node:fs/promises';
import {
  connectRedis,
  createLogger,
  createMetrics,
  createRedisKeys,
  type Environment,
  fixedPolicy,
} from '@lyceum/service-kit';
import { laggingReplica } from '@lyceum/testing';
import { parse } from 'yaml';
import { type DatabasePolicy, type Domain, openDatabase, readDatabaseUrls, ShardsPolicy } from '../src/index.ts';

export const log = createLogger('database-test', { level: 'silent' });

export async function readShards(): Promise<ShardsPolicy> {
  return ShardsPolicy.parse(parse(await readFile(new URL('../../config/shards.yaml', import.meta.url), 'utf8')));
}

/** `redis: false` opens it as if Redis were away. */
export async function openTestDatabase<D extends Domain>(
  domain: D,
  env: Environment,
  { redis: withRedis = true, policy, pools }: { redis?: boolean; policy?: ShardsPolicy; pools?: DatabasePolicy } = {},
) {
  const shards = fixedPolicy(policy ?? (await readShards()));
  const metrics = createMetrics('test');
  const redis = withRedis ? await connectRedis(env.REDIS_URL!, 'cache', { log }) : null;
  const keys = createRedisKeys(env.REDIS_PREFIX ?? 'test');
  const database = await openDatabase(domain, { env, shards, policy: pools, redis, keys, log, metrics });
  const reads = async (role: 'primary' | 'replica', reason?: string) => {
    const counter = metrics.registry.getSingleMetric('lyceum_database_reads_total');
    const values = (await counter?.get())?.values ?? [];
    return values
      .filter(({ labels }) => labels.role === role && (reason === undefined || labels.reason === reason))
      .reduce((sum, { value }) => sum + value, 0);
  };
  const close = async () => {
    await database.close();
    redis?.disconnect();
  };
  return { database, metrics, reads, close };
}

export function urlsOf(env: Environment, domain: Domain) {
  return readDatabaseUrls(env, domain, ['s1', 's2']);
}

/** Holds back what the replicas of both shards show, runs `work`, and lets go. */
export async function whileReplayIsPaused<T>(work: () => Promise<T>): Promise<T> {
  await using _first = await laggingReplica('s1');
  await using _second = await laggingReplica('s2');
  return await work();
}
