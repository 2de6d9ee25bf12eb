/**
 * The cross-shard directory. An entry lies on the shard of the hash of its kind and value, always on the primary.
 */
import type pg from 'pg';
import { bucketOfValue } from './ids.ts';
import type { Directory } from './types.ts';

/** Longer than any request that claims and then writes, whose statements all have time-outs. */
const ABANDONED_AFTER_SECONDS = 60;

interface Entry {
  readonly owner_id: string;
  readonly abandoned: boolean;
}

export function createDirectory(poolOfBucket: (bucket: number) => pg.Pool): Directory {
  const poolOf = (kind: string, value: string) => poolOfBucket(bucketOfValue(`${kind}:${value}`));

  const find = async (kind: string, value: string): Promise<Entry | undefined> => {
    const { rows } = await poolOf(kind, value).query<Entry>(
      `SELECT owner_id, confirmed_at IS NULL AND claimed_at < now() - make_interval(secs => $3) AS abandoned
       FROM directory_entry WHERE kind = $1 AND value = $2`,
      [kind, value, ABANDONED_AFTER_SECONDS],
    );
    return rows[0];
  };

  const confirm = async (kind: string, value: string, ownerId: string): Promise<boolean> => {
    const { rowCount } = await poolOf(kind, value).query(
      `UPDATE directory_entry SET confirmed_at = coalesce(confirmed_at, now())
       WHERE kind = $1 AND value = $2 AND owner_id = $3`,
      [kind, value, ownerId],
    );
    return rowCount === 1;
  };

  const release = async (kind: string, value: string, ownerId: string): Promise<void> => {
    await poolOf(kind, value).query('DELETE FROM directory_entry WHERE kind = $1 AND value = $2 AND owner_id = $3', [
      kind,
      value,
      ownerId,
    ]);
  };

  return {
    async claim(kind, value, ownerId, exists) {
      for (;;) {
        const { rowCount } = await poolOf(kind, value).query(
          `INSERT INTO directory_entry AS entry (kind, value, owner_id) VALUES ($1, $2, $3)
           ON CONFLICT (kind, value) DO UPDATE SET claimed_at = now() WHERE entry.owner_id = excluded.owner_id`,
          [kind, value, ownerId],
        );
        if (rowCount === 1) return { won: true };
        const entry = await find(kind, value);
        if (!entry) continue;
        if (!entry.abandoned || !exists) return { won: false, ownerId: entry.owner_id };
        if (await exists(entry.owner_id)) {
          await confirm(kind, value, entry.owner_id);
          return { won: false, ownerId: entry.owner_id };
        }
        await release(kind, value, entry.owner_id);
      }
    },
    async confirm(kind, value, ownerId) {
      if (!(await confirm(kind, value, ownerId))) throw new Error(`The ${kind} is not claimed by ${ownerId}.`);
    },
    release,
    lookup: async (kind, value) => (await find(kind, value))?.owner_id ?? null,
  };
}
