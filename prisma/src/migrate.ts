/**
 * Applies a domain's migrations to all its shards.
 *
 * Same folders, table and checksums as `prisma migrate deploy`, and its advisory lock, so that both may be used and two
 * runners take turns. Each migration runs in a transaction of its own: it is applied as a whole or not at all. The first
 * failure stops what has not begun; a second run goes on from there.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Domain } from './domain.ts';

/** The key that Prisma's own migrate takes. */
const LOCK = 72_707_369;
/** Ahead of time, so that rows of activity seldom fall into the default partition. */
const ACTIVITY_MONTHS = 14;

export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

export type MigrationProgress =
  | { readonly kind: 'applied'; readonly domain: Domain; readonly shard: string; readonly migration: string }
  | { readonly kind: 'done'; readonly domain: Domain; readonly shard: string; readonly applied: number };

export interface MigrateOptions {
  readonly domain: Domain;
  /** URLs of primaries by shard name; past any pooler, which would lose the lock. */
  readonly urls: Readonly<Record<string, string>>;
  /** Shards at once. */
  readonly concurrency?: number;
  readonly onProgress?: (progress: MigrationProgress) => void;
  /** Default: the migrations of this repository. */
  readonly migrations?: readonly Migration[];
}

export interface MigrationResult {
  readonly shard: string;
  readonly applied: readonly string[];
}

export class MigrationError extends Error {
  readonly domain: Domain;
  readonly shard: string;
  readonly migration: string;

  constructor(domain: Domain, shard: string, migration: string, reason: string, options?: { cause?: unknown }) {
    super(`Migration ${migration} of ${domain} on shard ${shard}: ${reason}`, options);
    this.name = 'MigrationError';
    this.domain = domain;
    this.shard = shard;
    this.migration = migration;
  }
}

/** The migrations of a folder, in order of their names. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(`${folder}/${name}/migration.sql`, 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

export function migrationsOf(domain: Domain): Promise<Migration[]> {
  return readMigrations(fileURLToPath(new URL(`../${domain}/migrations`, import.meta.url)));
}

/** Throws the first MigrationError; what was applied until then stays. */
export async function migrate(o: MigrateOptions): Promise<MigrationResult[]> {
  const migrations = o.migrations ?? (await migrationsOf(o.domain));
  const waiting = Object.entries(o.urls);
  const results: MigrationResult[] = [];
  let failure: unknown;
  const worker = async () => {
    for (let next = waiting.shift(); next && !failure; next = waiting.shift()) {
      const [shard, url] = next;
      try {
        const applied = await migrateShard(o, shard, url, migrations, () => failure !== undefined);
        results.push({ shard, applied });
        o.onProgress?.({ kind: 'done', domain: o.domain, shard, applied: applied.length });
      } catch (error) {
        failure ??= error instanceof MigrationError ? error : unreachable(o.domain, shard, error);
      }
    }
  };
  await Promise.all(Array.from({ length: o.concurrency ?? 4 }, worker));
  if (failure) throw failure;
  return results.sort((a, b) => (a.shard < b.shard ? -1 : 1));
}

function unreachable(domain: Domain, shard: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message || error.name : String(error);
  return new Error(`Migrations of ${domain} on shard ${shard}: ${reason}`, { cause: error });
}

async function migrateShard(
  o: MigrateOptions,
  shard: string,
  url: string,
  migrations: readonly Migration[],
  stopped: () => boolean,
): Promise<string[]> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'lyceum-migrate',
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => {});
  await client.connect();
  const applied: string[] = [];
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await client.query(MIGRATIONS_TABLE);
    const pending = await pendingMigrations(client, o.domain, shard, migrations);
    for (const migration of pending) {
      if (stopped()) break;
      await applyMigration(client, o.domain, shard, migration);
      applied.push(migration.name);
      o.onProgress?.({ kind: 'applied', domain: o.domain, shard, migration: migration.name });
    }
    if (o.domain === 'progress' && !o.migrations && !stopped()) {
      await client.query("SELECT ensure_activity_partitions((now() - interval '1 month')::date, $1)", [
        ACTIVITY_MONTHS,
      ]);
    }
  } finally {
    await client.end();
  }
  return applied;
}

const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

/** Refuses a database whose history is another one than the folder's. */
async function pendingMigrations(
  client: pg.Client,
  domain: Domain,
  shard: string,
  migrations: readonly Migration[],
): Promise<Migration[]> {
  const { rows } = await client.query<{ migration_name: string; checksum: string; finished: boolean }>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
  );
  const history = new Map(rows.map((row) => [row.migration_name, row]));
  const pending: Migration[] = [];
  for (const migration of migrations) {
    const row = history.get(migration.name);
    if (row && !row.finished) {
      throw new MigrationError(
        domain,
        shard,
        migration.name,
        'an earlier run failed in the middle; resolve it by hand',
      );
    }
    if (row && row.checksum !== migration.checksum) {
      throw new MigrationError(
        domain,
        shard,
        migration.name,
        'the file was edited after it was applied; restore it and write a new migration',
      );
    }
    if (row && pending.length > 0) {
      throw new MigrationError(domain, shard, pending[0]!.name, `is missing, though ${migration.name} was applied`);
    }
    if (!row) pending.push(migration);
  }
  return pending;
}

async function applyMigration(client: pg.Client, domain: Domain, shard: string, migration: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(migration.sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
       VALUES ($1, $2, clock_timestamp(), $3, 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw new MigrationError(domain, shard, migration.name, describe(error, migration.sql), { cause: error });
  }
}

function describe(error: unknown, sql: string): string {
  if (!(error instanceof Error)) return String(error);
  const position = 'position' in error ? Number(error.position) : Number.NaN;
  if (!Number.isInteger(position)) return error.message;
  return `line ${sql.slice(0, position).split('\n').length}: ${error.message}`;
}
