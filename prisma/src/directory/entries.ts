/**
 * The rows of the directory, and whose rows they stand for.
 *
 * An entry lies on the shard of the hash of its kind and value. Everything here is one statement on that shard.
 * `claimed_at` is the entry's version as well: every renewal raises it, and nothing is released that was renewed since.
 */
import type pg from 'pg';
import { bucketOfValue } from '../ids.ts';
import type { Fenced } from '../routing/fenced.ts';
import { sql } from '../statements/sql.ts';

export interface Key {
  readonly kind: string;
  readonly value: string;
}

/** A value in the hands of an owner. */
export interface Holding extends Key {
  readonly ownerId: string;
}

export interface Entry extends Holding {
  readonly version: string;
}

export interface FoundEntry extends Entry {
  /** Unconfirmed, and older than the grace. */
  readonly abandoned: boolean;
}

const COLUMNS = 'kind, value, owner_id::text AS "ownerId", claimed_at::text AS version';
/** By the server's clock, and later than it was whatever that clock says. */
const NEXT_VERSION = `greatest(clock_timestamp(), entry.claimed_at + interval '1 millisecond')`;

export function createDirectoryEntries({ look, query, readShard }: Fenced) {
  const placeOf = ({ kind, value }: Key) => bucketOfValue(`${kind}:${value}`);
  const isOne = async (result: Promise<pg.QueryResult>) => (await result).rowCount === 1;

  return {
    async find(key: Key, graceMs: number): Promise<FoundEntry | undefined> {
      const { rows } = await query<FoundEntry>(
        placeOf(key),
        `SELECT ${COLUMNS}, confirmed_at IS NULL AND claimed_at < now() - make_interval(secs => $3) AS abandoned
         FROM directory_entry WHERE kind = $1 AND value = $2`,
        [key.kind, key.value, graceMs / 1_000],
      );
      return rows[0];
    },

    /**
     * The owner of a confirmed value, from any server of its shard: what is confirmed is never released. Undefined also of
     * one that is too new for the server.
     */
    async ownerOf(key: Key): Promise<string | undefined> {
      const rows = await look<{ ownerId: string }>(
        placeOf(key),
        sql`SELECT owner_id::text AS "ownerId" FROM directory_entry
            WHERE kind = ${key.kind} AND value = ${key.value} AND confirmed_at IS NOT NULL`,
      );
      return rows[0]?.ownerId;
    },

    /** The oldest unconfirmed entries of a shard that are older than the grace, after `after`. */
    async abandoned(shard: string, graceMs: number, after: Entry | undefined, limit: number): Promise<Entry[]> {
      const { rows } = await readShard<Entry>(
        shard,
        `SELECT ${COLUMNS} FROM directory_entry
         WHERE confirmed_at IS NULL AND claimed_at <= now() - make_interval(secs => $1)
           AND (claimed_at, kind, value) > (coalesce($2::timestamptz, '-infinity'), $3, $4)
         ORDER BY claimed_at, kind, value LIMIT $5`,
        [graceMs / 1_000, after?.version ?? null, after?.kind ?? '', after?.value ?? '', limit],
      );
      return rows;
    },

    /** False: it is another's. An owner who takes again holds it again. */
    take({ kind, value, ownerId }: Holding): Promise<boolean> {
      return isOne(
        query(
          placeOf({ kind, value }),
          `INSERT INTO directory_entry AS entry (kind, value, owner_id) VALUES ($1, $2, $3)
           ON CONFLICT (kind, value) DO UPDATE SET claimed_at = ${NEXT_VERSION} WHERE entry.owner_id = excluded.owner_id`,
          [kind, value, ownerId],
        ),
      );
    },

    /** False: the owner no longer holds it. */
    renew({ kind, value, ownerId }: Holding): Promise<boolean> {
      return isOne(
        query(
          placeOf({ kind, value }),
          `UPDATE directory_entry AS entry SET claimed_at = ${NEXT_VERSION}
           WHERE kind = $1 AND value = $2 AND owner_id = $3`,
          [kind, value, ownerId],
        ),
      );
    },

    /** False: it is confirmed already, or not the owner's. */
    confirm({ kind, value, ownerId }: Holding): Promise<boolean> {
      return isOne(
        query(
          placeOf({ kind, value }),
          `UPDATE directory_entry SET confirmed_at = now()
           WHERE kind = $1 AND value = $2 AND owner_id = $3 AND confirmed_at IS NULL`,
          [kind, value, ownerId],
        ),
      );
    },

    /** False: it was renewed or confirmed since it was read, or is gone. */
    release({ kind, value, ownerId, version }: Entry): Promise<boolean> {
      return isOne(
        query(
          placeOf({ kind, value }),
          `DELETE FROM directory_entry
           WHERE kind = $1 AND value = $2 AND owner_id = $3 AND claimed_at = $4::timestamptz AND confirmed_at IS NULL`,
          [kind, value, ownerId, version],
        ),
      );
    },
  };
}
