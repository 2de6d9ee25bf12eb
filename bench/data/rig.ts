/**
 * Databases to measure: servers of their own, made by `migrate` and filled in bulk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Domain, migrate, openDatabase, ShardsPolicy } from '@lyceum/database';
import { type LocalPostgres, type LocalRedis, startPostgres, startRedis } from '@lyceum/local-stack';
import {
  closeRedis,
  connectRedis,
  createLogger,
  createMetrics,
  createRedisKeys,
  fixedPolicy,
  type Redis,
} from '@lyceum/service-kit';
import { type Databases, type Filled, fill } from './fill.ts';

const BUCKETS = 4_096;
const DOMAINS = ['users', 'progress'] as const;

/** One division of the learners over servers. */
export interface World extends Filled {
  /** By shard. */
  readonly urls: Readonly<Record<(typeof DOMAINS)[number], ReturnType<LocalPostgres['urls']>>>;
  open(replicas: number): Promise<Databases & { close(): Promise<void> }>;
}

export interface Rig {
  /** A world over the first so many of the servers. */
  createWorld(shards: number, learners: number): Promise<World>;
  close(): Promise<void>;
}

export async function openRig({ servers, replicas }: { servers: number; replicas: number }): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'lyceum-bench-'));
  const opened: { postgres?: LocalPostgres; redisServer?: LocalRedis; redis?: Redis } = {};
  const close = async () => {
    if (opened.redis) await closeRedis(opened.redis);
    await Promise.all([opened.postgres?.stop('immediate'), opened.redisServer?.kill('SIGKILL')]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const names = Array.from({ length: servers }, (_, index) => `s${index + 1}`);
    const [postgres, redisServer] = await Promise.all([
      startPostgres({
        directory: join(folder, 'postgres'),
        shards: names,
        databases: [],
        durability: 'fast',
        replicas,
      }),
      startRedis({ directory: join(folder, 'redis'), durability: 'fast' }),
    ]);
    Object.assign(opened, { postgres, redisServer });
    const log = createLogger('bench', { level: 'silent' });
    const redis = await connectRedis(redisServer.url, 'cache', { log });
    Object.assign(opened, { redis });

    return {
      async createWorld(shards, learners) {
        const used = names.slice(0, shards);
        const nameOf = (domain: Domain) => `${domain}_on_${shards}`;
        const urlsOf = (domain: Domain) =>
          Object.fromEntries(Object.entries(postgres.urls(nameOf(domain))).filter(([name]) => used.includes(name)));
        const urls = { users: urlsOf('users'), progress: urlsOf('progress') };
        for (const domain of DOMAINS) {
          for (const name of used) await postgres.shard(name).primary.query(`CREATE DATABASE ${nameOf(domain)}`);
          const primaries = Object.entries(urls[domain]).map(([name, { primary }]) => [name, primary]);
          await migrate({ domain, urls: Object.fromEntries(primaries) });
        }
        const open = async (withReplicas: number) => {
          const options = {
            env: variables(urls, withReplicas),
            shards: fixedPolicy(evenly(used)),
            redis,
            keys: createRedisKeys(`bench-${shards}`),
            log,
            metrics: createMetrics('bench'),
          };
          const users = await openDatabase('users', options);
          const progress = await openDatabase('progress', options);
          return { users, progress, close: async () => void (await Promise.all([users.close(), progress.close()])) };
        };
        const databases = await open(0);
        const filled = await fill(databases, urls.progress, learners).finally(() => databases.close());
        await Promise.all(used.map((name) => postgres.shard(name).caughtUp(60_000)));
        return { ...filled, urls, open };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function evenly(shards: readonly string[]): ShardsPolicy {
  const size = BUCKETS / shards.length;
  const ranges = shards.map((shard, index) => ({ from: index * size, to: (index + 1) * size - 1, shard }));
  return ShardsPolicy.parse({
    version: 1,
    users: { ranges },
    courses: { ranges },
    progress: { ranges },
    ai: { ranges },
  });
}

function variables(urls: World['urls'], replicas: number): Record<string, string> {
  const all: Record<string, string> = {};
  for (const domain of DOMAINS) {
    for (const [shard, url] of Object.entries(urls[domain])) {
      const suffix = `${domain}_${shard}`.toUpperCase();
      all[`DATABASE_URL_${suffix}`] = url.primary;
      all[`DATABASE_REPLICA_URLS_${suffix}`] = url.replicas.slice(0, replicas).join(',');
    }
  }
  return all;
}
