/**
 * Applies a domain's migrations to all its shards, some shards at once.
 *
 * Same folders, table and checksums as `prisma migrate deploy`, and its advisory lock, so that both may be used and two
 * runners take turns. A migration is applied as a whole or not at all; one that cannot run in a transaction goes step by
 * step. The first failure stops what has not begun, and says how far every shard is; the next run goes on from there.
 */
import pg from 'pg';
import { atMost } from '../at-most.ts';
import type { Domain } from '../domain.ts';
import { prepareMonths } from '../partitions/partitions.ts';
import { applyMigration, resumeMigration } from './apply.ts';
import { type Migration, migrationsOf } from './files.ts';
import { compareHistory, createHistory, type History, readHistory } from './history.ts';
import { takeMigrationLock } from './lock.ts';
import { MigrationError, type ShardOutcome } from './report.ts';

const CONNECT_MS = 10_000;
const SHARDS_AT_ONCE = 4;
const LOCK_WAIT_MS = 300_000;
/** A server that has lost its runner ends what it does, rather than to hold the lock until it is done. */
const NOTICE_DEATH_MS = 1_000;

interface Place {
  readonly domain: Domain;
  readonly shard: string;
}

export type MigrationProgress = Place &
  (
    | { readonly kind: 'waiting'; readonly holder: string }
    /** Found half applied: goes on with the step, counted from 1. */
    | { readonly kind: 'resumed'; readonly migration: string; readonly step: number; readonly of: number }
    | { readonly kind: 'step'; readonly migration: string; readonly step: number; readonly of: number }
    | { readonly kind: 'applied'; readonly migration: string }
    | { readonly kind: 'done'; readonly applied: number }
  );

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

/** Throws a MigrationError with the outcome of every shard; what was applied until then stays. */
export async function migrate(o: MigrateOptions): Promise<MigrationResult[]> {
  const migrations = o.migrations ?? (await migrationsOf(o.domain));
  const outcomes = Object.keys(o.urls)
    .sort()
    .map((shard): ShardOutcome => ({ shard, state: 'not begun', applied: [] }));
  let failed = false;
  await atMost(o.concurrency ?? SHARDS_AT_ONCE, outcomes, async (outcome) => {
    if (failed) return;
    try {
      await migrateShard(o, outcome, migrations, () => failed);
    } catch (error) {
      Object.assign(outcome, { state: 'failed', error });
      failed = true;
    }
  });
  if (failed) throw new MigrationError(o.domain, outcomes);
  return outcomes.map(({ shard, applied }) => ({ shard, applied }));
}

async function migrateShard(
  o: MigrateOptions,
  outcome: ShardOutcome,
  migrations: readonly Migration[],
  stopped: () => boolean,
): Promise<void> {
  const { shard, applied } = outcome;
  const place = { domain: o.domain, shard };
  await withMigrationClient(o.urls[shard]!, async (client) => {
    // Not every system can tell; there the server holds the lock until it is done.
    await client.query(`SET client_connection_check_interval = ${NOTICE_DEATH_MS}`).catch(() => {});
    await client.query('SET statement_timeout = 0');
    const onWait = (holder: string) => o.onProgress?.({ kind: 'waiting', ...place, holder });
    await takeMigrationLock(client, { waitMs: LOCK_WAIT_MS, onWait });
    await createHistory(client);
    const { halfApplied, pending, drifted } = compareHistory(migrations, await readHistory(client));
    if (drifted[0]) throw new Error(`${drifted[0].migration}: ${drifted[0].reason}`);
    outcome.state = 'stopped';
    const finish = (migration: string) => {
      applied.push(migration);
      o.onProgress?.({ kind: 'applied', ...place, migration });
    };
    if (halfApplied && !stopped()) {
      const { migration, stepsDone } = halfApplied;
      const of = migration.steps!.length;
      o.onProgress?.({ kind: 'resumed', ...place, migration: migration.name, step: stepsDone + 1, of });
      await resumeMigration(client, halfApplied, stepReporter(o, place, migration));
      finish(migration.name);
    }
    for (const migration of pending) {
      if (stopped()) return;
      await applyMigration(client, migration, stepReporter(o, place, migration));
      finish(migration.name);
    }
    if (stopped()) return;
    if (!o.migrations) await prepareMonths(client, o.domain, new Date());
    outcome.state = 'done';
    o.onProgress?.({ kind: 'done', ...place, applied: applied.length });
  });
}

function stepReporter(o: MigrateOptions, place: Place, migration: Migration): (step: number, of: number) => void {
  return (step, of) => o.onProgress?.({ kind: 'step', ...place, migration: migration.name, step, of });
}

/** How far each shard is. Writes nothing and takes no lock. Throws if a server does not answer. */
export async function migrationStatus(
  domain: Domain,
  url: string,
  migrations?: readonly Migration[],
): Promise<History> {
  const known = migrations ?? (await migrationsOf(domain));
  return withMigrationClient(url, async (client) => compareHistory(known, await readHistory(client)));
}

async function withMigrationClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'lyceum-migrate',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
