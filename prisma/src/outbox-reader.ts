/**
 * Reads the outboxes of a domain for the relay: in order per key, at least once, any number of readers side by side.
 */
import type { Logger } from '@lyceum/service-kit';
import type pg from 'pg';
import type { Domain } from './domain.ts';
import { type Backlog, readBacklog } from './outbox-backlog.ts';
import { type DrainResult, drainOutbox, type SendMessages, type SendOutcome } from './outbox-drain.ts';
import { OutboxListener } from './outbox-listener.ts';
import { openPool } from './pools.ts';
import type { DatabaseUrls } from './urls.ts';

export interface OutboxReader {
  readonly domain: Domain;
  readonly shards: readonly string[];
  /** Calls `onWake` with the shard's name after each commit that wrote to its outbox, and after each (re)connection. */
  listen(onWake: (shard: string) => void): void;
  /**
   * Hands a batch of one shard to `send` and deletes what it sent. Call again until nothing was claimed. Asks an outbox in
   * which nothing is due one question. Throws what `send` throws, and then deletes nothing.
   */
  drain<O extends SendOutcome>(shard: string, send: SendMessages<O>): Promise<DrainResult<O>>;
  /** Whether a committed message of this name and key waits. */
  holds(shard: string, name: string, key: string): Promise<boolean>;
  backlog(shard: string): Promise<Backlog>;
  close(): Promise<void>;
}

export interface OutboxReaderOptions {
  readonly domain: Domain;
  readonly urls: DatabaseUrls;
  readonly log: Logger;
}

/** A transaction idles while its messages are sent: a relay that takes longer has its lanes taken away. */
const CONNECTIONS = { max: 2, timeoutMs: 15_000 };

const HOLDS = `SELECT EXISTS (
  SELECT FROM outbox_message WHERE lane = outbox_lane_of($1, $2) AND name = $1 AND key = $2) AS held`;

export function openOutboxReader({ domain, urls, log }: OutboxReaderOptions): OutboxReader {
  const pools = new Map(
    Object.entries(urls).map(([shard, { primary }]) => {
      const pool = openPool(primary, { ...CONNECTIONS, applicationName: `lyceum-relay-${domain}` });
      pool.on('error', (err) => log.warn({ err, domain, shard }, 'idle connection to a primary lost'));
      return [shard, pool];
    }),
  );
  const poolOf = (shard: string): pg.Pool => {
    const pool = pools.get(shard);
    if (!pool) throw new Error(`There is no shard ${shard} of ${domain}.`);
    return pool;
  };
  const listeners: OutboxListener[] = [];

  return {
    domain,
    shards: [...pools.keys()],
    listen(onWake) {
      for (const [shard, { primary }] of Object.entries(urls)) {
        listeners.push(new OutboxListener(primary, () => onWake(shard), log.child({ domain, shard })));
      }
    },
    drain: (shard, send) => drainOutbox(poolOf(shard), `${domain}/${shard}`, send),
    async holds(shard, name, key) {
      const { rows } = await poolOf(shard).query<{ held: boolean }>(HOLDS, [name, key]);
      return rows[0]!.held;
    },
    backlog: (shard) => readBacklog(poolOf(shard)),
    async close() {
      await Promise.all(listeners.map((listener) => listener.close()));
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };
}
