/**
 * Proves, without a database, that a backup is whole: every file is there and is, to the byte, what was written.
 */
import type { Domain } from '../domain.ts';
import { BackupError } from './backup-error.ts';
import { inParallel } from './in-parallel.ts';
import { type BackupDatabase, fileOf, type Manifest, placeOf, readManifest } from './manifest.ts';
import { verifyTableFile } from './table-file.ts';

/** One domain, one shard, one database, or all. */
export interface Part {
  readonly domain?: Domain;
  readonly shard?: string;
}

const FILES_AT_ONCE = 2;

export async function verifyBackup(
  folder: string,
  o: { part?: Part; onProgress?: (bytes: number, of: number) => void } = {},
): Promise<{ manifest: Manifest; databases: readonly BackupDatabase[] }> {
  const manifest = await readManifest(folder);
  const databases = selectDatabases(manifest, o.part);
  await verifyFiles(folder, databases, o.onProgress);
  return { manifest, databases };
}

/** Throws a BackupError if the backup has nothing of what is asked for. */
export function selectDatabases({ databases }: Manifest, { domain, shard }: Part = {}): BackupDatabase[] {
  const selected = databases.filter(
    (database) => (domain ?? database.domain) === database.domain && (shard ?? database.shard) === database.shard,
  );
  if (selected.length > 0) return selected;
  const wanted = [domain && `of domain ${domain}`, shard && `on shard ${shard}`].filter(Boolean).join(' ');
  throw new BackupError(`The backup has no database ${wanted}. It has ${databases.map(placeOf).join(', ')}.`);
}

/** Throws a BackupError that names the first bad file. */
export async function verifyFiles(
  folder: string,
  databases: readonly BackupDatabase[],
  onProgress?: (bytes: number, of: number) => void,
): Promise<void> {
  const files = databases.flatMap((database) =>
    database.tables.map((table) => ({ table, file: fileOf(folder, database, table.name) })),
  );
  const of = files.reduce((sum, { table }) => sum + table.bytes, 0);
  let done = 0;
  await inParallel(files, FILES_AT_ONCE, async ({ table, file }, signal) => {
    await verifyTableFile(file, table, signal);
    done += table.bytes;
    onProgress?.(done, of);
  });
}
