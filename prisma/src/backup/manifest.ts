/**
 * The manifest of a backup: what was copied, from where, and what it comes to.
 *
 * It is written last and appears as a whole, so a folder without one is not a backup. It carries a digest of itself; a
 * manifest that was changed by hand or by a disk is refused. It holds no address and no secret.
 */
import { createHash } from 'node:crypto';
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DOMAINS } from '../domain.ts';
import { BackupError, reasonOf } from './backup-error.ts';

const MANIFEST = 'manifest.json';
const UNFINISHED = 'manifest.json.part';
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();

const BucketRange = z.strictObject({ from: count, to: count, shard: z.string() });

const BackupTable = z.strictObject({
  name: z.string().min(1),
  rows: count,
  checksum: z.string().regex(/^-?\d+$/),
  /** Those that are stored; generated ones are computed anew. */
  columns: z.array(z.strictObject({ name: z.string().min(1), type: z.string().min(1), notNull: z.boolean() })),
  /** `bound` as SQL, such as `FOR VALUES FROM (…) TO (…)`. */
  partitions: z.array(z.strictObject({ name: z.string().min(1), bound: z.string().min(1) })),
  /** Of the compressed file. */
  bytes: count,
  sha256,
});
export type BackupTable = z.output<typeof BackupTable>;

const BackupDatabase = z.strictObject({
  domain: z.enum(DOMAINS),
  shard: z.string().regex(/^[a-z][a-z0-9]*$/),
  serverVersion: z.string(),
  /** Of the primary, at the moment of the snapshot. */
  walPosition: z.string(),
  snapshotAt: z.iso.datetime(),
  /** As this database knew it; null before it was told one. */
  shardMap: z.strictObject({ version: count, ranges: z.array(BucketRange) }).nullable(),
  /** All that were applied, in order. */
  migrations: z.array(z.strictObject({ name: z.string().min(1), checksum: sha256 })),
  /** A table comes after those that it refers to. */
  tables: z.array(BackupTable),
  sequences: z.array(
    z.strictObject({ name: z.string().min(1), value: z.string().regex(/^-?\d+$/), used: z.boolean() }),
  ),
});
export type BackupDatabase = z.output<typeof BackupDatabase>;

const Manifest = z.strictObject({
  format: z.literal('lyceum-backup'),
  version: z.literal(1),
  id: z.uuid(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  databases: z.array(BackupDatabase).min(1),
});
export type Manifest = z.output<typeof Manifest>;

/** The place of a database in messages, such as `progress/s1`. */
export function placeOf({ domain, shard }: Pick<BackupDatabase, 'domain' | 'shard'>): string {
  return `${domain}/${shard}`;
}

/** Where a table's rows are, in `COPY`'s text format, compressed by zstd. */
export function fileOf(folder: string, database: Pick<BackupDatabase, 'domain' | 'shard'>, table: string): string {
  return join(folder, database.domain, database.shard, `${encodeURIComponent(table)}.copy.zst`);
}

/** Makes the folder this backup's own: of two that begin in it, one gets EEXIST. */
export async function claimFolder(folder: string): Promise<void> {
  const claim = await open(join(folder, UNFINISHED), 'wx', 0o600);
  await claim.close();
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const unfinished = join(folder, UNFINISHED);
  const text = `${JSON.stringify({ ...manifest, digest: digestOf(manifest) }, null, 2)}\n`;
  await writeFile(unfinished, text, { flush: true });
  await rename(unfinished, join(folder, MANIFEST));
}

/** Throws a BackupError for a folder that is not a whole backup. Looks at no other file. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, MANIFEST);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw new BackupError(`${file} cannot be read: ${error.message}`, { cause: error });
    throw new BackupError(
      `${folder} is not a backup: it has no ${MANIFEST}. A backup that was cut off never gets one.`,
    );
  });
  const { digest, ...body } = parseObject(file, text);
  if (body.format === 'lyceum-backup' && body.version !== 1) {
    throw new BackupError(`${file} has version ${String(body.version)}; this checkout reads version 1.`);
  }
  if (digest !== digestOf(body)) {
    throw new BackupError(`${file} was changed after it was written. Take another copy of the backup.`);
  }
  const parsed = Manifest.safeParse(body);
  if (!parsed.success) throw new BackupError(`${file} is not a manifest:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function parseObject(file: string, text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (error) {
    throw new BackupError(`${file} is not a manifest: ${reasonOf(error)}`, { cause: error });
  }
}

/** Keys keep their order from writing to reading. */
function digestOf(body: object): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}
