/**
 * Reads the outboxes of a domain for the relay: in order per key, at least once, any number of readers side by side.
 */
import type { Logger } from '@lyceum/service-kit';
import type pg from 'pg';
import { openPool, type Pooler } from '../connections/pools.ts';
import { type DatabaseUrls, directOf, type ShardUrls } from '../connections/urls.ts';
import type { Domain } from '../domain.ts';
import { type Backlog, readBacklog } from './backlog.ts';
import { DRAIN_TIMEOUT_MS, type DrainResult, drainOutbox, type SendMessages, type SendOutcome } from './drain.ts';
import { OutboxListener } from './listener.ts';

export interface OutboxReader {
  readonly domain: Domain;
  /** As of now: shards may join. */
  readonly shards: readonly string[];
  /** From now on these are the shards and where they are. */
  use(urls: DatabaseUrls): void;
  /** Calls back when a shard joins or leaves. */
  onShards(listener: () => void): void;
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
  readonly pooler?: Pooler | undefined;
  readonly log: Logger;
}

interface Outbox {
  readonly urls: ShardUrls;
  readonly pool: pg.Pool;
  listener: OutboxListener | undefined;
}

const CONNECTIONS = { max: 2, timeoutMs: DRAIN_TIMEOUT_MS };
/** To the primary of each shard: those that drain, and the one that listens. */
export const RELAY_CONNECTIONS = CONNECTIONS.max + 1;

const HOLDS = `SELECT EXISTS (
  SELECT FROM outbox_message WHERE lane = outbox_lane_of($1, $2) AND name = $1 AND key = $2) AS held`;

export function openOutboxReader({ domain, urls, pooler, log }: OutboxReaderOptions): OutboxReader {
  const outboxes = new Map<string, Outbox>();
  const listeners: (() => void)[] = [];
  const closing = new Set<Promise<void>>();
  let wake: ((shard: string) => void) | undefined;

  const open = (shard: string, at: ShardUrls): Outbox => {
    const pool = openPool(at.primary, { ...CONNECTIONS, applicationName: `lyceum-relay-${domain}`, pooler });
    pool.on('error', (err) => log.warn({ err, domain, shard }, 'idle connection to a primary lost'));
    return { urls: at, pool, listener: undefined };
  };
  const hear = (shard: string, outbox: Outbox) => {
    const { primary } = directOf(outbox.urls);
    outbox.listener = new OutboxListener(primary, () => wake?.(shard), log.child({ domain, shard }));
  };
  const close = (shard: string, { pool, listener }: Outbox) => {
    outboxes.delete(shard);
    const closed = Promise.all([listener?.close(), pool.end()]).then(() => void closing.delete(closed));
    closing.add(closed);
  };
  const use = (next: DatabaseUrls) => {
    const before = [...outboxes.keys()].join();
    for (const [shard, outbox] of outboxes) if (!hasSamePrimary(outbox.urls, next[shard])) close(shard, outbox);
    for (const [shard, at] of Object.entries(next)) {
      if (outboxes.has(shard)) continue;
      const outbox = open(shard, at);
      outboxes.set(shard, outbox);
      if (wake) hear(shard, outbox);
    }
    if ([...outboxes.keys()].join() !== before) for (const listener of listeners) listener();
  };
  use(urls);
  const poolOf = (shard: string): pg.Pool => {
    const outbox = outboxes.get(shard);
    if (!outbox) throw new Error(`There is no shard ${shard} of ${domain}.`);
    return outbox.pool;
  };

  return {
    domain,
    get shards() {
      return [...outboxes.keys()].sort();
    },
    use,
    onShards(listener) {
      listeners.push(listener);
    },
    listen(onWake) {
      wake = onWake;
      for (const [shard, outbox] of outboxes) hear(shard, outbox);
    },
    drain: (shard, send) => drainOutbox(poolOf(shard), { domain, shard }, send),
    async holds(shard, name, key) {
      const { rows } = await poolOf(shard).query<{ held: boolean }>(HOLDS, [name, key]);
      return rows[0]!.held;
    },
    backlog: (shard) => readBacklog(poolOf(shard)),
    async close() {
      for (const [shard, outbox] of outboxes) close(shard, outbox);
      await Promise.all(closing);
    },
  };
}

function hasSamePrimary(known: ShardUrls, next: ShardUrls | undefined): boolean {
  return next?.primary === known.primary && directOf(next).primary === directOf(known).primary;
}
