/**
 * Copies databases into a folder, while they are in use.
 *
 * All snapshots are taken first and together, so that shards are a moment apart and not the length of the copy. Then
 * tables are copied, a few databases at a time. The manifest is written last. What fails leaves the folder as it was;
 * what is killed leaves a folder without a manifest, which nothing takes for a backup.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Checksum, checksumSql } from '../checksum.ts';
import type { Domain } from '../domain.ts';
import { BackupError, reasonOf } from './backup-error.ts';
import { type CatalogTable, readSequences } from './catalog.ts';
import { inParallel } from './in-parallel.ts';
import {
  type BackupDatabase,
  type BackupTable,
  claimFolder,
  fileOf,
  type Manifest,
  placeOf,
  writeManifest,
} from './manifest.ts';
import { type BackupSource, openSnapshot, type Snapshot } from './snapshot.ts';
import { type TransferOptions, writeTableFile } from './table-file.ts';

export interface BackUpOptions {
  readonly folder: string;
  readonly sources: readonly BackupSource[];
  /** Databases at once. */
  readonly concurrency?: number;
  /** `of` is an estimate at first. */
  readonly onProgress?: (rows: number, of: number) => void;
}

export async function backUp(o: BackUpOptions): Promise<Manifest> {
  const startedAt = new Date().toISOString();
  await takeFolder(o.folder);
  await using opened = new AsyncDisposableStack();
  let done = 0;
  let estimate = 0;
  const onRows = (rows: number) => {
    done += rows;
    o.onProgress?.(done, Math.max(done, estimate));
  };
  const databases: BackupDatabase[] = [];
  try {
    const snapshots = await openSnapshots(o.sources, opened);
    checkMaps(snapshots);
    estimate = snapshots.reduce((sum, { estimatedRows }) => sum + estimatedRows, 0);
    await inParallel(snapshots, o.concurrency ?? 2, async (snapshot, signal) => {
      signal.addEventListener('abort', () => snapshot[Symbol.asyncDispose]());
      databases.push(await copyDatabase(o.folder, snapshot, { signal, onRows }));
      await snapshot[Symbol.asyncDispose]();
    });
    databases.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
    const finishedAt = new Date().toISOString();
    const manifest: Manifest = {
      format: 'lyceum-backup',
      version: 1,
      id: randomUUID(),
      startedAt,
      finishedAt,
      databases,
    };
    await writeManifest(o.folder, manifest);
    return manifest;
  } catch (error) {
    for (const name of await readdir(o.folder)) await rm(join(o.folder, name), { recursive: true, force: true });
    throw error;
  }
}

async function takeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0) {
    throw new BackupError(`${folder} is not empty. Name a new folder: a backup is never written over another.`);
  }
  await claimFolder(folder);
}

async function openSnapshots(sources: readonly BackupSource[], opened: AsyncDisposableStack): Promise<Snapshot[]> {
  const outcomes = await Promise.allSettled(sources.map(openSnapshot));
  for (const outcome of outcomes) if (outcome.status === 'fulfilled') opened.use(outcome.value);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

/** A bucket that changes shards between two snapshots would be in both copies, or in neither. */
function checkMaps(snapshots: readonly Snapshot[]): void {
  for (const [domain, group] of Map.groupBy(snapshots, ({ source }): Domain => source.domain)) {
    const versions = new Set(group.map(({ taken }) => taken.shardMap?.version ?? 0));
    if (versions.size > 1) {
      throw new BackupError(
        `The shards of ${domain} know different shard maps (${group.map(({ source, taken }) => `${source.shard}: ${taken.shardMap?.version ?? 0}`).join(', ')}): buckets are moving. Run it again in a moment.`,
      );
    }
  }
}

async function copyDatabase(folder: string, snapshot: Snapshot, transfer: TransferOptions): Promise<BackupDatabase> {
  const { client, source, taken } = snapshot;
  const tables: BackupTable[] = [];
  for (const table of snapshot.tables) {
    const file = fileOf(folder, source, table.name);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    tables.push(await copyTable(snapshot, table, file, transfer));
  }
  const sequences = await readSequences(client);
  await client.query('COMMIT');
  return { ...taken, tables, sequences };
}

async function copyTable(
  { client, source }: Snapshot,
  table: CatalogTable,
  file: string,
  transfer: TransferOptions,
): Promise<BackupTable> {
  const place = `${placeOf(source)}, table ${table.name}`;
  try {
    const columns = table.columns.map(({ name }) => name);
    const counted = await client.query<Checksum>(checksumSql({ table: table.name, columns }));
    const { rows, checksum } = counted.rows[0]!;
    const { lines, bytes, sha256 } = await writeTableFile(client, table, file, transfer);
    if (String(lines) !== rows) throw new Error(`it has ${rows} rows, but ${lines} were copied`);
    const { name, partitions } = table;
    return { name, rows: lines, checksum, columns: table.columns, partitions, bytes, sha256 };
  } catch (error) {
    throw transfer.signal.aborted ? error : new BackupError(`${place}: ${reasonOf(error)}`, { cause: error });
  }
}
