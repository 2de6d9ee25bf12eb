/**
 * The cross-shard directory: claim, write, confirm.
 *
 * **What holds.** At any time at most one owner's row with a value is committed, over all shards, and it is the row of
 * the owner whom the directory names; however long a claimant stalls, and whichever process dies, at any moment.
 *
 * **Why.** A claim and its owner's row lie on two shards, without a common transaction. So whether a claim still counts
 * is decided under one lock, an advisory lock of the owner on the owner's shard, that lives as long as the transaction:
 * 1. The transaction that writes an owner's row first takes the lock and then renews the claim, which fails if it was
 *    given to somebody else; only then does it write. It holds the lock until it has committed.
 * 2. Whoever would release a claim first takes the same lock (one that is taken means: somebody is writing, leave it),
 *    looks for the owner's row, and releases only the version of the claim that it read. So a writer that comes later
 *    finds its claim gone and writes nothing; one that came earlier is seen.
 * 3. A releaser that loses its lock while its DELETE is on its way deletes nothing if a writer renewed before it, and
 *    that writer writes nothing if it came after.
 *
 * **On what conditions.** A shard has one primary, and what that has acknowledged stays (after a failover: synchronous
 * commit). Rows get claimed columns only through `withClaims`. No clock is relied on: the grace bounds only how long a
 * value whose claimant died stays taken.
 */
import { createGate, type Logger, LyceumError } from '@lyceum/service-kit';
import type { Prisma } from '../__generated__/users/client.ts';
import type { Domain } from '../domain.ts';
import type { Fenced } from '../routing/fenced.ts';
import { raw, sql } from '../statements/sql.ts';
import type { DatabaseSession, Directory, Settled, Tx } from '../types.ts';
import { createDirectoryEntries, type Entry } from './entries.ts';
import { DIRECTORY_OWNERS } from './kinds.ts';

/** Longer than any request that claims and then writes usually takes. */
const GRACE_MS = 60_000;
/** How often a claim is tried anew that was lost to a sweeper, or a value taken that was just released. */
const TRIES = 3;
const BATCH = 100;
/** Each holds a connection and needs another one for a moment: of each pool two are left, or one of the smallest. */
const locksAtOnce = (connections: number) => ({
  running: Math.max(1, Math.min(4, connections - 2)),
  waiting: 1_000,
});

export interface DirectoryOptions<D extends Domain> {
  readonly fenced: Fenced;
  readonly domain: D;
  readonly shardOf: (id: string) => string;
  /** Of nobody in particular. */
  readonly session: () => DatabaseSession<D>;
  /** Of the pool that transactions are from. */
  readonly connections: number;
  readonly log: Logger;
}

/** Known to this file alone: the claim was given to somebody else before its owner was written. */
class ClaimLost extends Error {}

export function createDirectory<D extends Domain>(o: DirectoryOptions<D>): Directory<D> {
  const entries = createDirectoryEntries(o.fenced);
  const owners: Partial<Record<string, { table: string; column: string }>> = DIRECTORY_OWNERS[o.domain];
  const gate = createGate(locksAtOnce(o.connections));

  const ownerIsThere = async (tx: Tx<D>, { kind, value, ownerId }: Entry): Promise<boolean> => {
    const owner = owners[kind];
    if (!owner) throw new Error(`Nobody owns values of the kind ${kind}.`);
    const statement = sql`SELECT 1 FROM ${raw(owner.table)} WHERE id = ${ownerId}::uuid AND ${raw(owner.column)} = ${value}`;
    return (await asExecutor(tx).$queryRaw<unknown[]>(statement)).length > 0;
  };

  /** Confirms the claim of an owner who is there, and releases that of one who is not and is not being written. */
  const settle = (entry: Entry): Promise<Settled> =>
    gate.run(() =>
      o.session().transaction(entry.ownerId, async (tx) => {
        if (!(await tryLockOwner(tx, entry.ownerId))) return 'left';
        if (await ownerIsThere(tx, entry)) return (await entries.confirm(entry)) ? 'confirmed' : 'left';
        return (await entries.release(entry)) ? 'released' : 'left';
      }),
    );

  /** Best effort: what cannot be settled now is found by the sweeper, or by the next who wants the value. */
  const giveUp = async (holdings: readonly Omit<Entry, 'version'>[]): Promise<void> => {
    for (const holding of holdings) {
      try {
        const entry = await entries.find(holding, GRACE_MS);
        if (entry?.ownerId === holding.ownerId) await settle(entry);
      } catch (err) {
        o.log.warn({ err, kind: holding.kind }, 'a claim could not be given up');
      }
    }
  };

  const claim = async (wanted: Omit<Entry, 'version'>): Promise<boolean> => {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      if (await entries.take(wanted)) return true;
      const entry = await entries.find(wanted, GRACE_MS);
      if (entry && !(entry.abandoned && (await settle(entry)) === 'released')) return false;
    }
    return false;
  };

  return {
    async withClaims(session, { ownerId, values }, write) {
      const wanted = Object.entries(values).map(([kind, value]) => ({ kind, value: value as string, ownerId }));
      for (let attempt = 1; ; attempt += 1) {
        try {
          for (const [index, holding] of wanted.entries()) {
            if (await claim(holding)) continue;
            await giveUp(wanted.slice(0, index));
            return { taken: holding.kind as keyof typeof values };
          }
          const written = await gate.run(() =>
            session.transaction(ownerId, async (tx) => {
              await lockOwner(tx, ownerId);
              for (const holding of wanted) if (!(await entries.renew(holding))) throw new ClaimLost();
              return write(tx);
            }),
          );
          // Unconfirmed, the claim of an owner who is there stands as well.
          await Promise.allSettled(wanted.map((holding) => entries.confirm(holding)));
          return { written };
        } catch (error) {
          await giveUp(wanted);
          if (!(error instanceof ClaimLost)) throw error;
          if (attempt === TRIES) throw new LyceumError('TIMED_OUT', undefined, undefined, { cause: error });
        }
      }
    },

    async lookup(kind, value) {
      const key = { kind, value };
      return (await entries.ownerOf(key)) ?? (await entries.find(key, GRACE_MS))?.ownerId ?? null;
    },

    async sweep(shard, { graceMs = GRACE_MS, signal } = {}) {
      const counts: Record<Settled, number> = { confirmed: 0, released: 0, left: 0 };
      // One time-out for a shard that is away, not one for each of its owners.
      const away = new Set<string>();
      let last: Entry | undefined;
      for (;;) {
        const found = await entries.abandoned(shard, graceMs, last, BATCH);
        for (const entry of found) {
          if (signal?.aborted) return counts;
          counts[await settleUnlessAway(entry)] += 1;
        }
        if (found.length < BATCH) return counts;
        last = found.at(-1);
      }

      async function settleUnlessAway(entry: Entry): Promise<Settled> {
        const ownersShard = o.shardOf(entry.ownerId);
        if (away.has(ownersShard)) return 'left';
        try {
          return await settle(entry);
        } catch (err) {
          away.add(ownersShard);
          o.log.warn({ err, kind: entry.kind, shard: ownersShard }, 'claims could not be settled');
          return 'left';
        }
      }
    },
  };
}

/** What every domain's transaction client can do. */
function asExecutor<D extends Domain>(tx: Tx<D>): Pick<Prisma.TransactionClient, '$queryRaw' | '$executeRaw'> {
  return tx;
}

const lockOf = (ownerId: string) => sql`hashtextextended(${`directory owner ${ownerId}`}, 0)`;

async function lockOwner<D extends Domain>(tx: Tx<D>, ownerId: string): Promise<void> {
  await asExecutor(tx).$executeRaw(sql`SELECT pg_advisory_xact_lock(${lockOf(ownerId)})`);
}

async function tryLockOwner<D extends Domain>(tx: Tx<D>, ownerId: string): Promise<boolean> {
  const statement = sql`SELECT pg_try_advisory_xact_lock(${lockOf(ownerId)}) AS held`;
  const [row] = await asExecutor(tx).$queryRaw<{ held: boolean }[]>(statement);
  return row?.held === true;
}
