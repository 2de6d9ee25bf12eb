/**
 * Follows the shard map of a domain for who reads its databases without a router: where each shard's servers are.
 */
import type { Environment, Logger } from '@lyceum/service-kit';
import type pg from 'pg';
import { openPool, type Pooler } from '../connections/pools.ts';
import { type DatabaseUrls, urlsOfShard } from '../connections/urls.ts';
import type { Domain } from '../domain.ts';
import type { ShardMap } from './shard-map.ts';
import { readShardMap } from './shard-map-store.ts';

export interface ShardWatchOptions {
  readonly env: Environment;
  readonly domain: Domain;
  /** Used until a database tells a newer one. */
  readonly first: ShardMap;
  readonly pooler?: Pooler | undefined;
  readonly log: Logger;
}

export interface ShardWatch {
  readonly urls: DatabaseUrls;
  /** Calls back with what is new. */
  onChange(listener: (urls: DatabaseUrls) => void): void;
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
const CONNECTION = { max: 1, timeoutMs: 2_000 };
/** To each server of a shard. */
export const WATCH_CONNECTIONS = CONNECTION.max;

/** Returns once the databases were asked. Those that are away are asked again each second. */
export async function watchShards({ env, domain, first, pooler, log }: ShardWatchOptions): Promise<ShardWatch> {
  const pools = new Map<string, pg.Pool>();
  const listeners: ((urls: DatabaseUrls) => void)[] = [];
  let map = first;
  let urls = locate(first);
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  let closed = false;

  function locate({ members }: ShardMap): DatabaseUrls {
    return Object.fromEntries(
      Object.entries(members).map(([shard, member]) => [shard, urlsOfShard(env, domain, shard, member)]),
    );
  }
  const ask = (url: string): Promise<ShardMap | null> => {
    let pool = pools.get(url);
    if (!pool) {
      pool = openPool(url, { ...CONNECTION, applicationName: `lyceum-watch-${domain}`, pooler });
      pool.on('error', () => {});
      pools.set(url, pool);
    }
    return readShardMap(pool);
  };
  /** A replica knows who took the place of a primary that died. */
  const askShard = async ({ primary, replicas }: DatabaseUrls[string]): Promise<(ShardMap | null)[]> => {
    try {
      return [await ask(primary)];
    } catch {
      const answers = await Promise.allSettled(replicas.map(ask));
      return answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : null));
    }
  };
  const look = async () => {
    const maps = (await Promise.all(Object.values(urls).map(askShard))).flat();
    const newest = maps.reduce<ShardMap>((best, each) => (each && each.version > best.version ? each : best), map);
    if (newest.version === map.version) return;
    try {
      urls = locate(newest);
      map = newest;
      for (const listener of listeners) listener(urls);
    } catch (err) {
      log.error({ err, domain, version: newest.version }, 'a newer shard map cannot be used');
    }
  };
  const schedule = () => {
    if (closed) return;
    timer = setTimeout(() => {
      looking = look().then(schedule);
    }, LOOK_EVERY_MS);
    timer.unref();
  };
  await look();
  schedule();

  return {
    get urls() {
      return urls;
    },
    onChange(listener) {
      listeners.push(listener);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await looking;
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };
}
