/**
 * The supergraph that was published in Redis (`npx lyceum graph publish`).
 *
 * A wake-up says that there is another; one that was lost costs a polling interval. While Redis is away nothing is known,
 * which is no change.
 */
import {
  type Live,
  publishedSupergraphVersion,
  type Redis,
  type RedisKeys,
  readSupergraphPublication,
} from '@lyceum/service-kit';
import type { SupergraphPolicy } from '../../config.ts';
import { poll } from './poll.ts';
import type { SupergraphSource } from './supergraph-source.ts';

export interface RedisSourceOptions {
  /** Of role `cache`: fails at once while Redis is away. */
  readonly redis: Redis;
  /** Of role `subscriber`. */
  readonly subscriber: Redis;
  readonly keys: RedisKeys;
  readonly policy: Live<{ readonly supergraph: SupergraphPolicy }>;
}

/** Leaves the connections open. */
export function createRedisSource({ redis, subscriber, keys, policy }: RedisSourceOptions): SupergraphSource {
  let last: { readonly sdl: string; readonly version: string } | null = null;
  let stop = () => {};

  return {
    kind: 'redis',
    async read() {
      const version = await publishedSupergraphVersion(redis, keys);
      if (version === null) last = null;
      else if (version !== last?.version) {
        last = await readSupergraphPublication(redis, keys, policy.current.supergraph.maxBytes);
      }
      return last?.sdl ?? null;
    },
    watch(changed) {
      const channel = keys.supergraph();
      const onMessage = (from: string) => from === channel && changed();
      // Waits for Redis if it is away, and is repeated by the connection after every outage.
      subscriber.subscribe(channel).catch(() => {});
      subscriber.on('message', onMessage);
      redis.on('ready', changed);
      const stopPolling = poll(() => policy.current.supergraph.pollMs, changed);
      stop = () => {
        stopPolling();
        subscriber.off('message', onMessage);
        redis.off('ready', changed);
      };
    },
    close: () => stop(),
  };
}
