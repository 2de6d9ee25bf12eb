/**
 * A real Redis for one test file, in a folder of its own under the system's temporary one.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@lyceum/local-stack';
import { createRedisKeys } from '../src/index.ts';

export interface RedisServer {
  readonly url: string;
  /** Stops and starts it on the same port. `keepData: false` also loses what it held. */
  restart(options?: { keepData?: boolean; whileDown?: () => Promise<void> }): Promise<void>;
  stop(): Promise<void>;
}

export async function openRedisServer(): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'lyceum-redis-'));
  const redis = await startRedis({ directory, durability: 'safe' });
  return {
    url: redis.url,
    async restart({ keepData = true, whileDown } = {}) {
      await redis.stop();
      if (!keepData) await rm(join(directory, 'appendonlydir'), { recursive: true, force: true });
      await whileDown?.();
      await redis.start();
    },
    async stop() {
      await redis.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Keys that no other test uses. */
export const freshKeys = () => createRedisKeys(`test-${randomUUID().slice(0, 8)}`);
