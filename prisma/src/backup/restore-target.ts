/**
 * Whether a database may receive a backup: it does not exist, or nobody has written to it.
 *
 * While a restore of several databases is under way, those that are loaded carry its mark (a comment on the database,
 * set in the transaction that loads). A restore that was killed finds it there, and goes on with the others.
 */
import pg from 'pg';
import { BackupError, reasonOf } from './backup-error.ts';
import { readAppliedMigrations, readTables } from './catalog.ts';
import { openLongConnection } from './connection.ts';
import { type BackupDatabase, placeOf } from './manifest.ts';

const APPLICATION = 'lyceum-restore';
const DATABASE_MISSING = '3D000';
/** Where PostgreSQL is asked for another database. */
const MAINTENANCE = 'postgres';
/** Migrating itself writes to these. */
const WRITTEN_BY_MIGRATIONS = new Set(['shard_map', 'outbox_lane']);

export type TargetState = 'missing' | 'empty' | 'loaded';

export interface Target {
  readonly backup: BackupDatabase;
  readonly url: string;
}

export const connectToTarget = (url: string) => openLongConnection(url, APPLICATION);

export const markOf = (backupId: string): string => `being restored by Lyceum from backup ${backupId}`;

/** Throws a BackupError that names the remedy for a database that must not be written to. Changes nothing. */
export async function examineTarget({ backup, url }: Target, backupId: string): Promise<TargetState> {
  const place = placeOf(backup);
  const found = await connectToTarget(url).catch((error: unknown) => {
    if (codeOf(error) === DATABASE_MISSING) return 'missing' as const;
    throw new BackupError(`${place} cannot be reached: ${reasonOf(error)}`, { cause: error });
  });
  if (found === 'missing') return found;
  await using connection = found;
  const { client } = connection;
  if ((await readMark(client)) === markOf(backupId)) return 'loaded';
  await refuseRows(client, backup);
  const known = new Set(backup.migrations.map(({ name }) => name));
  const newer = (await readAppliedMigrations(client)).find(({ name }) => !known.has(name));
  if (newer) {
    throw new BackupError(
      `${place} is empty, but has migration ${newer.name}, which is newer than the backup. Drop the database ${await nameOf(client)}: a restore makes it anew, and migrates it after the load.`,
    );
  }
  return 'empty';
}

/** For a check in the transaction that loads, too: somebody may have written meanwhile. */
export async function refuseRows(client: pg.Client, backup: BackupDatabase): Promise<void> {
  for (const { name } of await readTables(client)) {
    if (WRITTEN_BY_MIGRATIONS.has(name)) continue;
    const { rows } = await client.query<{ some: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM ${pg.escapeIdentifier(name)}) AS some`,
    );
    if (rows[0]!.some) {
      throw new BackupError(
        `${placeOf(backup)} has rows in table ${name}: a restore never writes over data. Stop the services, drop the database ${await nameOf(client)} or name another one, and run it again.`,
      );
    }
  }
}

export async function createDatabase({ backup, url }: Target): Promise<void> {
  const server = new URL(url);
  const name = decodeURIComponent(server.pathname.slice(1));
  server.pathname = `/${MAINTENANCE}`;
  try {
    await using connection = await connectToTarget(server.href);
    await connection.client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE template0 ENCODING 'UTF8'`);
  } catch (error) {
    throw new BackupError(
      `${placeOf(backup)}: the database ${name} does not exist, and making it failed: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

export async function setMark(client: pg.Client, mark: string | null): Promise<void> {
  const text = mark === null ? 'NULL' : pg.escapeLiteral(mark);
  await client.query(`COMMENT ON DATABASE ${pg.escapeIdentifier(await nameOf(client))} IS ${text}`);
}

async function readMark(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query<{ mark: string | null }>(
    `SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = current_database()`,
  );
  return rows[0]!.mark;
}

async function nameOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  return rows[0]!.name;
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
