/**
 * The cross-shard directory. An entry lies on the shard of the hash of its kind and value, always on the primary.
 */
import type { Fenced } from './fenced.ts';
import { bucketOfValue } from './ids.ts';
import type { Claim, Directory } from './types.ts';

/** Longer than any request that claims and then writes, whose statements all have time-outs. */
const ABANDONED_AFTER_SECONDS = 60;

type Holding = Omit<Claim, 'exists'>;

interface Entry {
  readonly owner_id: string;
  readonly abandoned: boolean;
}

export function createDirectory(fenced: Fenced): Directory {
  const placeOf = (kind: string, value: string) => bucketOfValue(`${kind}:${value}`);
  const write = (kind: string, value: string, text: string, values: unknown[]) =>
    fenced.write(placeOf(kind, value), (client) => client.query(text, values));

  const find = async (kind: string, value: string): Promise<Entry | undefined> => {
    const rows = await fenced.read<Entry>(
      placeOf(kind, value),
      `SELECT owner_id, confirmed_at IS NULL AND claimed_at < now() - make_interval(secs => $3) AS abandoned
       FROM directory_entry WHERE kind = $1 AND value = $2`,
      [kind, value, ABANDONED_AFTER_SECONDS],
    );
    return rows[0];
  };

  const confirm = async ({ kind, value, ownerId }: Holding): Promise<void> => {
    await write(
      kind,
      value,
      `UPDATE directory_entry SET confirmed_at = coalesce(confirmed_at, now())
       WHERE kind = $1 AND value = $2 AND owner_id = $3`,
      [kind, value, ownerId],
    );
  };

  const release = async ({ kind, value, ownerId }: Holding): Promise<void> => {
    await write(kind, value, 'DELETE FROM directory_entry WHERE kind = $1 AND value = $2 AND owner_id = $3', [
      kind,
      value,
      ownerId,
    ]);
  };

  /** An owner who claims again wins again. */
  const claim = async ({ kind, value, ownerId, exists }: Claim): Promise<boolean> => {
    for (;;) {
      const { rowCount } = await write(
        kind,
        value,
        `INSERT INTO directory_entry AS entry (kind, value, owner_id) VALUES ($1, $2, $3)
         ON CONFLICT (kind, value) DO UPDATE SET claimed_at = now() WHERE entry.owner_id = excluded.owner_id`,
        [kind, value, ownerId],
      );
      if (rowCount === 1) return true;
      const entry = await find(kind, value);
      if (!entry) continue;
      if (!entry.abandoned) return false;
      const holding = { kind, value, ownerId: entry.owner_id };
      if (await exists(entry.owner_id)) {
        await confirm(holding);
        return false;
      }
      await release(holding);
    }
  };

  /** Best effort: what cannot be asked or written now is settled by the next claim of the value. */
  const giveUp = async (claimed: Claim): Promise<void> => {
    try {
      if (!(await claimed.exists(claimed.ownerId))) await release(claimed);
    } catch {
      // The claim stays, and is taken over once it is old enough.
    }
  };

  return {
    async withClaim(wanted, write) {
      if (!(await claim(wanted))) return null;
      const written = await write().catch(async (error: unknown) => {
        await giveUp(wanted);
        throw error;
      });
      // Unconfirmed, the claim of an owner who is there stands as well.
      await confirm(wanted).catch(() => {});
      return written;
    },
    lookup: async (kind, value) => (await find(kind, value))?.owner_id ?? null,
  };
}
