/**
 * Reads the outbox for the relay: in order, at least once, one reader at a time per database.
 *
 * A drain holds an advisory lock and its rows in one transaction while they are published, and deletes them in it. If
 * publishing throws, or the process dies, the rows are there again for the next drain: nothing is lost, something may
 * be sent twice.
 */
import { backOffMs, type Logger } from '@lyceum/service-kit';
import pg from 'pg';
import type { Domain } from './domain.ts';
import { openPool } from './pools.ts';
import { endOfLastRecord } from './position.ts';
import type { DatabaseUrls } from './urls.ts';

const LOCK = 'outbox-relay';
const RECONNECT = { baseMs: 100, maxMs: 5_000 };
const DEFAULT_LIMIT = 200;

export interface OutboxRow {
  readonly id: string;
  readonly kind: 'event' | 'job';
  readonly name: string;
  readonly version: number;
  readonly key: string;
  readonly payload: unknown;
  /** Of an event. */
  readonly delivery: 'live' | 'log' | null;
  /** Of a job. */
  readonly queue: string | null;
  /** RFC 3339, UTC. */
  readonly occurredAt: string;
}

export interface DrainResult {
  /** Rows published and deleted. */
  readonly published: number;
  /** True if another reader holds the lock; nothing was done. */
  readonly busy: boolean;
}

export interface OutboxReader {
  readonly domain: Domain;
  readonly shards: readonly string[];
  /** Calls `onWake` with the shard's name after each commit that wrote to its outbox, and after each (re)connection. */
  listen(onWake: (shard: string) => void): void;
  /**
   * Publishes up to `limit` rows of one shard. `positions` covers every row of the call. Throws what `publish` throws,
   * and then deletes nothing. Call again until `published` is below `limit`.
   */
  drain(
    shard: string,
    publish: (rows: readonly OutboxRow[], positions: Record<string, string>) => Promise<void>,
    options?: { limit?: number },
  ): Promise<DrainResult>;
  /** How many committed rows wait, of one key or of all. */
  waiting(shard: string, key?: string): Promise<number>;
  close(): Promise<void>;
}

export interface OutboxReaderOptions {
  readonly domain: Domain;
  readonly urls: DatabaseUrls;
  readonly log: Logger;
}

export function openOutboxReader({ domain, urls, log }: OutboxReaderOptions): OutboxReader {
  const pools = new Map(
    Object.entries(urls).map(([shard, { primary }]) => {
      const pool = openPool(primary, { max: 2, timeoutMs: 10_000, applicationName: `lyceum-relay-${domain}` });
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
    drain: (shard, publish, { limit = DEFAULT_LIMIT } = {}) =>
      drain(poolOf(shard), `${domain}/${shard}`, publish, limit),
    async waiting(shard, key) {
      const { rows } = await poolOf(shard).query<{ count: number }>(
        'SELECT count(*)::int AS count FROM outbox_message WHERE $1::text IS NULL OR key = $1',
        [key ?? null],
      );
      return rows[0]!.count;
    },
    async close() {
      await Promise.all(listeners.map((listener) => listener.close()));
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };
}

async function drain(
  pool: pg.Pool,
  place: string,
  publish: (rows: readonly OutboxRow[], positions: Record<string, string>) => Promise<void>,
  limit: number,
): Promise<DrainResult> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const lock = await client.query<{ held: boolean }>(
      'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS held',
      [LOCK],
    );
    if (!lock.rows[0]!.held) {
      await client.query('ROLLBACK');
      return { published: 0, busy: true };
    }
    const { rows } = await client.query<Omit<OutboxRow, 'occurredAt'> & { occurred_at: Date }>(
      `SELECT id, kind, name, version, key, payload, delivery, queue, occurred_at
       FROM outbox_message ORDER BY seq LIMIT $1`,
      [limit],
    );
    if (rows.length > 0) {
      const { rows: at } = await client.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn');
      const messages = rows.map(({ occurred_at, ...row }) => ({ ...row, occurredAt: occurred_at.toISOString() }));
      await publish(messages, { [place]: endOfLastRecord(at[0]!.lsn) });
      await client.query('DELETE FROM outbox_message WHERE id = ANY($1::uuid[])', [rows.map((row) => row.id)]);
    }
    await client.query('COMMIT');
    return { published: rows.length, busy: false };
  } catch (error) {
    await client.query('ROLLBACK').catch((err) => {
      broken = err instanceof Error ? err : new Error(String(err));
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** One connection that only listens. A lost one is opened anew, with jitter; the wake after it covers what was missed. */
class OutboxListener {
  readonly #url: string;
  readonly #onWake: () => void;
  readonly #log: Logger;
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempt = 0;
  #closed = false;
  #connecting: Promise<void>;

  constructor(url: string, onWake: () => void, log: Logger) {
    this.#url = url;
    this.#onWake = onWake;
    this.#log = log;
    this.#connecting = this.#connect();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#connecting;
    await this.#client?.end().catch(() => {});
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'lyceum-relay-listen',
      connectionTimeoutMillis: 3_000,
      keepAlive: true,
    });
    let lost = false;
    const lose = (err?: Error) => {
      if (lost || this.#closed) return;
      lost = true;
      this.#client = undefined;
      this.#attempt += 1;
      if (this.#attempt === 1) this.#log.warn({ err }, 'no longer listening to the outbox');
      client.end().catch(() => {});
      this.#timer = setTimeout(() => {
        this.#connecting = this.#connect();
      }, 10 + backOffMs(this.#attempt, RECONNECT));
    };
    client.on('error', lose);
    client.on('end', () => lose());
    client.on('notification', this.#onWake);
    try {
      await client.connect();
      this.#client = client;
      await client.query('LISTEN outbox');
      if (this.#attempt > 0) this.#log.info('listening to the outbox again');
      this.#attempt = 0;
      this.#onWake();
    } catch (error) {
      lose(error instanceof Error ? error : undefined);
    }
  }
}
