/**
 * Brings databases back from a backup: as they were, then migrated to what this checkout knows.
 *
 * Before anything is written, the manifest, every file and every target are examined. A restore that was killed is run
 * again: what is loaded is kept, what was half loaded never was.
 */
import type { Domain } from '../domain.ts';
import type { ShardMap } from '../map/shard-map.ts';
import { type Migration, migrationsOf } from '../migrations/files.ts';
import { migrate } from '../migrations/migrate.ts';
import { BackupError } from './backup-error.ts';
import { inParallel } from './in-parallel.ts';
import { checkBuckets, readLivingMap } from './living-map.ts';
import { loadDatabase } from './load.ts';
import { type BackupDatabase, type Manifest, placeOf, readManifest } from './manifest.ts';
import {
  connectToTarget,
  createDatabase,
  examineTarget,
  setMark,
  type Target,
  type TargetState,
} from './restore-target.ts';
import { type Part, selectDatabases, verifyFiles } from './verify.ts';

export interface RestoreOptions {
  readonly folder: string;
  /** Default: all of the backup. */
  readonly part?: Part;
  /** Of the primary, past any pooler. Need not exist. May throw. */
  readonly urlOf: (domain: Domain, shard: string) => string;
  /** Databases at once. */
  readonly concurrency?: number;
  readonly onProgress?: (step: 'verify' | 'load', done: number, of: number) => void;
}

export interface RestoreResult {
  readonly manifest: Manifest;
  readonly restored: readonly BackupDatabase[];
  /** By an earlier run that was cut off; they were left as they are. */
  readonly foundLoaded: readonly BackupDatabase[];
}

export async function restore(o: RestoreOptions): Promise<RestoreResult> {
  const manifest = await readManifest(o.folder);
  const databases = selectDatabases(manifest, o.part);
  for (const database of databases) await checkMigrations(database);
  const targets = databases.map((backup): Target => ({ backup, url: o.urlOf(backup.domain, backup.shard) }));
  const states = await examineTargets(targets, manifest.id);
  const living = await livingMaps(manifest, databases, o.urlOf);
  for (const database of databases) checkBuckets(database, living.get(database.domain) ?? null);
  await verifyFiles(o.folder, databases, (done, of) => o.onProgress?.('verify', done, of));

  const waiting = targets.filter((target) => states.get(target) !== 'loaded');
  const of = waiting.flatMap(({ backup }) => backup.tables).reduce((sum, { rows }) => sum + rows, 0);
  let done = 0;
  const onRows = (rows: number) => {
    done += rows;
    o.onProgress?.('load', done, of);
  };
  const concurrency = o.concurrency ?? 2;
  await inParallel(waiting, concurrency, async (target, signal) => {
    if (states.get(target) === 'missing') await createDatabase(target);
    await migrateTarget(target, await asInBackup(target.backup));
    const map = living.get(target.backup.domain) ?? null;
    await loadDatabase(target, { folder: o.folder, backupId: manifest.id, living: map }, { signal, onRows });
  });
  await inParallel(targets, concurrency, (target) => migrateTarget(target));
  await inParallel(targets, concurrency, finish);
  return {
    manifest,
    restored: waiting.map(({ backup }) => backup),
    foundLoaded: targets.filter((target) => !waiting.includes(target)).map(({ backup }) => backup),
  };
}

/** All are examined, so that one message tells everything. */
async function examineTargets(targets: readonly Target[], backupId: string): Promise<Map<Target, TargetState>> {
  const outcomes = await Promise.allSettled(targets.map((target) => examineTarget(target, backupId)));
  const problems: string[] = [];
  const states = new Map<Target, TargetState>();
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') states.set(targets[index]!, outcome.value);
    else if (outcome.reason instanceof BackupError) problems.push(outcome.reason.message);
    else throw outcome.reason;
  }
  if (problems.length > 0) throw new BackupError(['Nothing was restored.', ...problems].join('\n'));
  return states;
}

/** Of each domain; asked of its other shards too, those that are not restored. */
async function livingMaps(
  manifest: Manifest,
  restored: readonly BackupDatabase[],
  urlOf: RestoreOptions['urlOf'],
): Promise<Map<Domain, ShardMap>> {
  const maps = new Map<Domain, ShardMap>();
  for (const domain of new Set(restored.map((database) => database.domain))) {
    const known = manifest.databases.filter((database) => database.domain === domain);
    const shards = known.flatMap(({ shard, shardMap }) => [
      shard,
      ...(shardMap?.ranges ?? []).map((range) => range.shard),
    ]);
    const map = await readLivingMap([...new Set(shards)].flatMap((shard) => urlIfKnown(urlOf, domain, shard)));
    if (map) maps.set(domain, map);
  }
  return maps;
}

function urlIfKnown(urlOf: RestoreOptions['urlOf'], domain: Domain, shard: string): string[] {
  try {
    return [urlOf(domain, shard)];
  } catch {
    return [];
  }
}

/** A backup can be brought back only where its history is the beginning of this checkout's. */
async function checkMigrations(backup: BackupDatabase): Promise<void> {
  const known = await migrationsOf(backup.domain);
  for (const [index, { name, checksum }] of backup.migrations.entries()) {
    const same = known.find((migration) => migration.name === name);
    if (!same) {
      throw new BackupError(
        `${placeOf(backup)} has migration ${name}, which this checkout does not know. Restore with the checkout that made the backup, or a later one.`,
      );
    }
    if (same.checksum !== checksum) {
      throw new BackupError(`${placeOf(backup)}: migration ${name} is not the one that was applied. Restore its file.`);
    }
    if (known[index] !== same) {
      throw new BackupError(
        `${placeOf(backup)} was without migration ${known[index]!.name}, though ${name} was applied. Restore with the checkout that made the backup.`,
      );
    }
  }
}

async function asInBackup({ domain, migrations }: BackupDatabase): Promise<Migration[]> {
  return (await migrationsOf(domain)).slice(0, migrations.length);
}

async function migrateTarget({ backup, url }: Target, migrations?: readonly Migration[]): Promise<void> {
  const { domain, shard } = backup;
  await migrate({ domain, urls: { [shard]: url }, ...(migrations && { migrations }) });
}

async function finish({ url }: Target): Promise<void> {
  await using connection = await connectToTarget(url);
  await connection.client.query('ANALYZE');
  await setMark(connection.client, null);
}
