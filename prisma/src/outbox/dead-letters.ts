/**
 * The dead letters of a domain's outboxes, for a person to look at: what each says, and to send it again or drop it.
 */
import type { Logger } from '@lyceum/service-kit';
import type pg from 'pg';
import { openPool } from '../connections/pools.ts';
import { type DatabaseUrls, directOf } from '../connections/urls.ts';
import type { Domain } from '../domain.ts';
import { type Backlog, readBacklog } from './backlog.ts';
import type { OutboxRow } from './drain.ts';

export interface DeadLetter extends Omit<OutboxRow, 'occurredAt'> {
  readonly shard: string;
  readonly occurredAt: Date;
  readonly tries: number;
  /** What the last refusal said. */
  readonly reason: string;
  readonly diedAt: Date;
}

export interface DeadLetters {
  readonly domain: Domain;
  readonly shards: readonly string[];
  backlog(shard: string): Promise<Backlog>;
  /** Those that died last first, of all shards together. */
  list(limit: number): Promise<DeadLetter[]>;
  find(id: string): Promise<DeadLetter | null>;
  /** Puts it behind everything that waits, under its id and with its tries forgotten. False if there is none. */
  replay(id: string): Promise<boolean>;
  /** All that are dead as of now, those first that were first; what dies again meanwhile is left. Returns how many. */
  replayAll(): Promise<number>;
  /** For ever. False if there is none. */
  drop(id: string): Promise<boolean>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const COLUMNS = `id, kind, name, version, key, payload, delivery, queue, occurred_at AS "occurredAt", tries, reason,
  died_at AS "diedAt"`;

/** The trigger of the outbox gives it a new `seq`. */
const REPLAY = `WITH revived AS (DELETE FROM outbox_dead_letter WHERE id = $1 RETURNING *)
  INSERT INTO outbox_message (id, kind, name, version, key, payload, delivery, queue, occurred_at)
  SELECT id, kind, name, version, key, payload, delivery, queue, occurred_at FROM revived`;

export function openDeadLetters({
  domain,
  urls,
  log,
}: {
  domain: Domain;
  urls: DatabaseUrls;
  log: Logger;
}): DeadLetters {
  const pools = new Map<string, pg.Pool>();
  for (const [shard, known] of Object.entries(urls)) {
    const pool = openPool(directOf(known).primary, { max: 1, timeoutMs: TIMEOUT_MS, applicationName: 'lyceum-outbox' });
    pool.on('error', (err) => log.warn({ err, domain, shard }, 'idle connection to a primary lost'));
    pools.set(shard, pool);
  }

  async function everywhere(statement: string, values: readonly unknown[]): Promise<DeadLetter[]> {
    const found = await Promise.all(
      [...pools].map(async ([shard, pool]) => {
        const { rows } = await pool.query<Omit<DeadLetter, 'shard'>>(statement, [...values]);
        return rows.map((row) => ({ ...row, shard }));
      }),
    );
    return found.flat();
  }

  /** Returns how many rows changed on all shards. */
  async function change(statement: string, id: string): Promise<number> {
    const results = await Promise.all([...pools.values()].map((pool) => pool.query(statement, [id])));
    return results.reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0);
  }

  return {
    domain,
    shards: [...pools.keys()],
    backlog: (shard) => readBacklog(pools.get(shard)!),
    async list(limit) {
      const newest = `SELECT ${COLUMNS} FROM outbox_dead_letter ORDER BY died_at DESC, id DESC LIMIT $1`;
      const letters = await everywhere(newest, [limit]);
      return letters.sort((a, b) => b.diedAt.getTime() - a.diedAt.getTime()).slice(0, limit);
    },
    async find(id) {
      const [letter] = await everywhere(`SELECT ${COLUMNS} FROM outbox_dead_letter WHERE id = $1`, [id]);
      return letter ?? null;
    },
    replay: async (id) => (await change(REPLAY, id)) > 0,
    async replayAll() {
      let replayed = 0;
      for (const pool of pools.values()) {
        const { rows } = await pool.query<{ id: string }>('SELECT id FROM outbox_dead_letter ORDER BY seq');
        // One transaction each: a writer of several keys takes their locks in another order.
        for (const { id } of rows) replayed += (await pool.query(REPLAY, [id])).rowCount ?? 0;
      }
      return replayed;
    },
    drop: async (id) => (await change('DELETE FROM outbox_dead_letter WHERE id = $1', id)) > 0,
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };
}
