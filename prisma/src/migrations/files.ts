/**
 * The migrations of a domain as they lie in the repository: `<domain>/migrations/<time>_<name>/migration.sql`.
 *
 * A file runs in one transaction, unless its first line says that it cannot:
 *
 *     -- migrate: without transaction
 *     CREATE INDEX CONCURRENTLY "lesson_title_idx" ON "lesson"("title");
 *     -- migrate: next step
 *     ALTER TABLE "lesson" ADD CONSTRAINT …
 *
 * Its steps then run one by one, and how many are done is kept, so that a run that died goes on with the right one.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Domain } from '../domain.ts';
import { parseStep, type Step } from './step.ts';

const WITHOUT_TRANSACTION = '-- migrate: without transaction';
const NEXT_STEP = '-- migrate: next step';

export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
  /** Null: the whole file in one transaction. */
  readonly steps: readonly Step[] | null;
}

/** Throws an Error that names the migration and the step, if the file does not keep the rules above. */
export function createMigration(name: string, sql: string): Migration {
  const checksum = createHash('sha256').update(sql).digest('hex');
  const lines = sql.split('\n').map((line) => line.trim());
  const isStepped = lines[0] === WITHOUT_TRANSACTION;
  if (!isStepped) {
    const misplaced = [WITHOUT_TRANSACTION, NEXT_STEP].find((marker) => lines.includes(marker));
    if (misplaced) throw new Error(`${name}: "${misplaced}" needs "${WITHOUT_TRANSACTION}" as the first line`);
    return { name, sql, checksum, steps: null };
  }
  return { name, sql, checksum, steps: stepsOf(name, sql) };
}

function stepsOf(name: string, sql: string): Step[] {
  const parts: { line: number; text: string[] }[] = [{ line: 2, text: [] }];
  for (const [index, line] of sql.split('\n').slice(1).entries()) {
    if (line.trim() === NEXT_STEP) parts.push({ line: index + 3, text: [] });
    else parts.at(-1)!.text.push(line);
  }
  return parts.map(({ line, text }, index) => {
    const step = parseStep(text.join('\n'), line);
    if (typeof step === 'string') throw new Error(`${name}, step ${index + 1} (line ${line}): ${step}`);
    return step;
  });
}

/** The migrations of a folder, in order of their names. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return Promise.all(
    names.map(async (name) => createMigration(name, await readFile(`${folder}/${name}/migration.sql`, 'utf8'))),
  );
}

export function migrationsOf(domain: Domain): Promise<Migration[]> {
  return readMigrations(fileURLToPath(new URL(`../../${domain}/migrations`, import.meta.url)));
}
