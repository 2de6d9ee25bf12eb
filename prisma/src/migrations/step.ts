/**
 * One step of a migration that does not run in a transaction.
 *
 * Each step is done exactly once, whenever its runner dies. Where Postgres allows it, a step runs in a transaction of its
 * own together with the note that it is done. The few statements that Postgres refuses there are told from their traces:
 * an index that is built concurrently is there and valid, or was left invalid, or is not there.
 */
import type pg from 'pg';

export type StepKind =
  | { readonly kind: 'transaction' }
  | { readonly kind: 'build-index'; readonly index: string }
  /** Doing it again does no harm. */
  | { readonly kind: 'repeatable' };

export type Step = StepKind & {
  readonly sql: string;
  /** Of the file, from 1. */
  readonly line: number;
};

/** Anything else than these runs in a transaction; Postgres says so if it cannot. */
const BUILD_INDEX = /^create\s+(?:unique\s+)?index\s+concurrently\b\s*(.*)$/is;
const NAME = /^(if\s+not\s+exists\s+)?((?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+))?)\s+on\s/i;
const DROP_INDEX = /^drop\s+index\s+concurrently\b\s*(if\s+exists\b)?/i;
const VACUUM = /^vacuum\b/i;

/** Or what is wrong with it. */
export function parseStep(sql: string, line: number): Step | string {
  const bare = sql.replace(/\/\*[\s\S]*?\*\/|--.*$/gm, '').trim();
  if (bare === '') return 'holds no statement';
  const built = BUILD_INDEX.exec(bare);
  if (built) {
    const [, ifNotExists, index] = NAME.exec(built[1]!) ?? [];
    if (!index) return 'give the index a name: it is how a build that was cut off is found again';
    if (ifNotExists) return 'leave out IF NOT EXISTS: it would take an index that was left invalid for a good one';
    return { kind: 'build-index', index, sql, line };
  }
  const dropped = DROP_INDEX.exec(bare);
  if (dropped && !dropped[1]) return 'write DROP INDEX CONCURRENTLY IF EXISTS: it may have to be done again';
  if (dropped || VACUUM.test(bare)) return { kind: 'repeatable', sql, line };
  return { kind: 'transaction', sql, line };
}

/** Does the step and notes it. `resumed`: an earlier run may have done it, or a part of it, without a note. */
export async function runStep(
  client: pg.Client,
  step: Step,
  { resumed, lockTimeoutMs, note }: { resumed: boolean; lockTimeoutMs: number; note: () => Promise<unknown> },
): Promise<void> {
  if (step.kind === 'transaction') return inTransaction(client, step.sql, { lockTimeoutMs, note });
  if (step.kind !== 'build-index' || !resumed || !(await isBuilt(client, step.index))) await client.query(step.sql);
  await note();
}

/** Drops an index that was left invalid, so that it can be built. */
async function isBuilt(client: pg.Client, index: string): Promise<boolean> {
  const { rows } = await client.query<{ indisvalid: boolean }>(
    'SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)',
    [index],
  );
  if (rows[0]?.indisvalid === false) await client.query(`DROP INDEX CONCURRENTLY ${index}`);
  return rows[0]?.indisvalid === true;
}

/** A change that waits for a lock holds up everybody who comes after it: it gives up soon instead, and nothing is done. */
export async function inTransaction(
  client: pg.Client,
  sql: string,
  { lockTimeoutMs, note }: { lockTimeoutMs: number; note: () => Promise<unknown> },
): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
    await client.query(sql);
    await note();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
