/**
 * Loads one database of a backup, in one transaction: all of it, proved equal to what was copied, or nothing.
 *
 * Triggers stay quiet, for what they do was done before the backup. So do foreign keys where the role may silence them;
 * else tables are filled in the order of their references, which is the order of the manifest.
 */
import pg from 'pg';
import { type Checksum, checksumSql, TEXT_SETTINGS } from '../checksum.ts';
import type { ShardMap } from '../map/shard-map.ts';
import { BackupError, reasonOf } from './backup-error.ts';
import { readTables } from './catalog.ts';
import { settleMap } from './living-map.ts';
import { type BackupDatabase, type BackupTable, fileOf, placeOf } from './manifest.ts';
import { connectToTarget, markOf, refuseRows, setMark, type Target } from './restore-target.ts';
import { loadTableFile, type TransferOptions } from './table-file.ts';

const quoted = (tables: readonly { readonly name: string }[]) =>
  tables.map(({ name }) => pg.escapeIdentifier(name)).join(', ');

/** The database is migrated as the backup's was. */
export async function loadDatabase(
  { backup, url }: Target,
  { folder, backupId, living }: { folder: string; backupId: string; living: ShardMap | null },
  transfer: TransferOptions,
): Promise<void> {
  await using connection = await connectToTarget(url);
  const { client } = connection;
  const stop = () => connection[Symbol.asyncDispose]();
  transfer.signal.addEventListener('abort', stop);
  try {
    await client.query(`BEGIN; ${TEXT_SETTINGS}`);
    await makeMissing(client, backup);
    const present = await readTables(client);
    if (present.length > 0) await client.query(`LOCK TABLE ${quoted(present)} IN ACCESS EXCLUSIVE MODE`);
    await refuseRows(client, backup);
    const withTriggers = await silence(client, backup);
    for (const table of backup.tables) {
      // A migration may have put rows there.
      await client.query(`DELETE FROM ${pg.escapeIdentifier(table.name)}`);
      await loadTable(client, table, fileOf(folder, backup, table.name), transfer);
    }
    await settleMap(client, backup, living);
    for (const { name, value, used } of backup.sequences) {
      await client.query('SELECT setval(quote_ident($1)::regclass, $2, $3)', [name, value, used]);
    }
    for (const { name } of withTriggers) {
      await client.query(`ALTER TABLE ${pg.escapeIdentifier(name)} ENABLE TRIGGER USER`);
    }
    await setMark(client, markOf(backupId));
    await client.query('COMMIT');
  } catch (error) {
    if (transfer.signal.aborted || error instanceof BackupError) throw error;
    throw new BackupError(`${placeOf(backup)}: ${reasonOf(error)}. Nothing of it was kept.`, { cause: error });
  } finally {
    transfer.signal.removeEventListener('abort', stop);
  }
}

/** Partitions are made as time goes by, not by migrations; and one that was detached is a table that none makes. */
async function makeMissing(client: pg.Client, backup: BackupDatabase): Promise<void> {
  const present = new Map((await readTables(client)).map((table) => [table.name, table]));
  for (const { name, columns, partitions } of backup.tables) {
    const table = pg.escapeIdentifier(name);
    const made = new Map(present.get(name)?.partitions.map((partition) => [partition.name, partition.bound]));
    if (!present.has(name)) {
      const shape = columns.map(
        (column) => `${pg.escapeIdentifier(column.name)} ${column.type}${column.notNull ? ' NOT NULL' : ''}`,
      );
      await client.query(`CREATE TABLE ${table} (${shape.join(', ')})`);
    }
    for (const partition of partitions) {
      if (made.get(partition.name) === partition.bound) continue;
      await client.query(
        `CREATE TABLE ${pg.escapeIdentifier(partition.name)} PARTITION OF ${table} ${partition.bound}`,
      );
    }
  }
}

/** Returns the tables whose triggers must be woken again. */
async function silence(client: pg.Client, backup: BackupDatabase): Promise<readonly BackupTable[]> {
  const { rows } = await client.query<{ may: boolean }>(
    "SELECT has_parameter_privilege('session_replication_role', 'SET') AS may",
  );
  if (rows[0]!.may) {
    await client.query('SET LOCAL session_replication_role = replica');
    return [];
  }
  for (const { name } of backup.tables) {
    await client.query(`ALTER TABLE ${pg.escapeIdentifier(name)} DISABLE TRIGGER USER`);
  }
  return backup.tables;
}

async function loadTable(
  client: pg.Client,
  table: BackupTable,
  file: string,
  transfer: TransferOptions,
): Promise<void> {
  const { name } = table;
  try {
    await loadTableFile(client, table, file, transfer);
    const columns = table.columns.map((column) => column.name);
    const { rows } = await client.query<Checksum>(checksumSql({ table: name, columns }));
    const found = rows[0]!;
    if (found.rows !== String(table.rows) || found.checksum !== table.checksum) {
      throw new Error(
        `${found.rows} rows with checksum ${found.checksum} were loaded, but ${table.rows} with ${table.checksum} were copied`,
      );
    }
  } catch (error) {
    throw transfer.signal.aborted ? error : new Error(`table ${name}: ${reasonOf(error)}`, { cause: error });
  }
}
