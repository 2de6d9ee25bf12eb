/**
 * What `_prisma_migrations` of a database says, held against the migrations of this repository.
 *
 * The table is Prisma's own, column for column, so that `prisma migrate status` agrees. A row without `finished_at` is a
 * migration that began and did not end.
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Migration } from './files.ts';

export interface HistoryRow {
  readonly id: string;
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
  readonly steps: number;
  /** What the last try ended with. */
  readonly logs: string | null;
}

export interface HalfApplied {
  readonly rowId: string;
  readonly migration: Migration;
  readonly stepsDone: number;
  readonly failure: string | null;
}

export interface History {
  readonly applied: readonly string[];
  /** In the order in which they will be applied; what is half applied is not among them. */
  readonly pending: readonly Migration[];
  readonly halfApplied: HalfApplied | null;
  /** Why nothing more may be applied: another history than the repository's. */
  readonly drifted: readonly { readonly migration: string; readonly reason: string }[];
  /** Applied by a newer checkout than this one. */
  readonly unknown: readonly string[];
}

export function compareHistory(migrations: readonly Migration[], rows: readonly HistoryRow[]): History {
  const known = new Map(rows.map((row) => [row.name, row]));
  const names = new Set(migrations.map(({ name }) => name));
  const applied: string[] = [];
  const pending: Migration[] = [];
  const drifted: { migration: string; reason: string }[] = [];
  let halfApplied: HalfApplied | null = null;
  for (const migration of migrations) {
    const row = known.get(migration.name);
    if (!row) {
      pending.push(migration);
      continue;
    }
    const drift = (reason: string) => drifted.push({ migration: migration.name, reason });
    const skipped = pending[0] ?? halfApplied?.migration;
    if (skipped) drifted.push({ migration: skipped.name, reason: `is missing, though ${migration.name} was applied` });
    if (row.checksum !== migration.checksum) {
      drift(row.finished ? EDITED : EDITED_IN_PART);
    }
    if (row.finished) {
      applied.push(migration.name);
    } else if (!migration.steps) {
      drift('was begun by Prisma and did not end; resolve it with `prisma migrate resolve`');
    } else {
      halfApplied = { rowId: row.id, migration, stepsDone: row.steps, failure: row.logs };
    }
  }
  return { applied, pending, halfApplied, drifted, unknown: [...known.keys()].filter((name) => !names.has(name)) };
}

const EDITED = 'the file was edited after it was applied; restore it and write a new migration';
const EDITED_IN_PART =
  'the file was edited after a part of it was applied; restore it, or undo its steps and set rolled_back_at of its row';

/** An empty database has no table, and no rows. */
export async function readHistory(client: pg.Client): Promise<HistoryRow[]> {
  const { rows: there } = await client.query("SELECT to_regclass('_prisma_migrations') IS NOT NULL AS exists");
  if (!there[0].exists) return [];
  const { rows } = await client.query<HistoryRow>(
    `SELECT id, migration_name AS name, checksum, finished_at IS NOT NULL AS finished, applied_steps_count AS steps, logs
     FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name`,
  );
  return rows;
}

export async function createHistory(client: pg.Client): Promise<void> {
  await client.query(`CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL,
    logs TEXT,
    rolled_back_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`);
}

/** Returns the id of the row of a migration that begins. */
export async function noteBegin(client: pg.Client, { name, checksum }: Migration): Promise<string> {
  const id = randomUUID();
  await client.query('INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)', [
    id,
    checksum,
    name,
  ]);
  return id;
}

export async function noteSteps(client: pg.Client, rowId: string, done: number, of: number): Promise<void> {
  await client.query(
    `UPDATE _prisma_migrations SET applied_steps_count = $2, logs = NULL,
       finished_at = CASE WHEN $2 = $3::integer THEN clock_timestamp() END
     WHERE id = $1`,
    [rowId, done, of],
  );
}

export async function noteFailure(client: pg.Client, rowId: string, reason: string): Promise<void> {
  await client.query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [rowId, reason]);
}
