/**
 * Applies one migration to one database, or the rest of one that was cut off. What it throws names the migration, the
 * step and the line.
 */
import type pg from 'pg';
import type { Migration } from './files.ts';
import { type HalfApplied, noteBegin, noteFailure, noteSteps } from './history.ts';
import { inTransaction, runStep } from './step.ts';

const LOCK_TIMEOUT_MS = 10_000;

/** Called when a step is done, counted from 1. */
type OnStep = (step: number, of: number) => void;

export async function applyMigration(client: pg.Client, migration: Migration, onStep: OnStep): Promise<void> {
  if (migration.steps) {
    const rowId = await noteBegin(client, migration);
    return runSteps(client, { rowId, migration, stepsDone: 0, resumed: false }, onStep);
  }
  const note = async () => noteSteps(client, await noteBegin(client, migration), 1, 1);
  await inTransaction(client, migration.sql, { lockTimeoutMs: LOCK_TIMEOUT_MS, note }).catch((error: unknown) => {
    throw new Error(`${migration.name}: ${describe(error, migration.sql, 1)}`, { cause: error });
  });
}

export function resumeMigration(client: pg.Client, half: HalfApplied, onStep: OnStep): Promise<void> {
  return runSteps(client, { ...half, resumed: true }, onStep);
}

interface Run extends Pick<HalfApplied, 'rowId' | 'migration' | 'stepsDone'> {
  readonly resumed: boolean;
}

async function runSteps(client: pg.Client, run: Run, onStep: OnStep): Promise<void> {
  const { rowId, migration, stepsDone } = run;
  const steps = migration.steps!;
  for (const [index, step] of steps.entries()) {
    if (index < stepsDone) continue;
    try {
      await runStep(client, step, {
        resumed: run.resumed && index === stepsDone,
        lockTimeoutMs: LOCK_TIMEOUT_MS,
        note: () => noteSteps(client, rowId, index + 1, steps.length),
      });
    } catch (error) {
      const reason = `step ${index + 1} of ${steps.length}, ${describe(error, step.sql, step.line)}`;
      // If the connection is gone the note stays out: the row says by itself that the migration did not end.
      await noteFailure(client, rowId, reason).catch(() => {});
      throw new Error(`${migration.name}: ${reason}`, { cause: error });
    }
    onStep(index + 1, steps.length);
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  '25001': ' (a file that cannot run in a transaction begins with "-- migrate: without transaction")',
  '55P03': ` (others held the table for ${LOCK_TIMEOUT_MS / 1000} s; nothing was changed: run it again)`,
};

function describe(error: unknown, sql: string, firstLine: number): string {
  if (!(error instanceof Error)) return String(error);
  const { position, code } = error as Error & { position?: string; code?: string };
  const message = `${error.message}${REMEDIES[code ?? ''] ?? ''}`;
  if (!position) return message;
  return `line ${firstLine - 1 + sql.slice(0, Number(position)).split('\n').length}: ${message}`;
}
