/**
 * Unpacks an export archive (.tar.gz) into a temporary folder, trusting nothing in it.
 *
 * Paths that leave the folder and links are refused, entries and bytes are bounded, and only what an import reads (text
 * files) is written. The folder is removed when the caller is done, whatever happens.
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Unpack } from 'tar';
import { OlxError } from './olx-error.ts';

export interface ArchiveLimits {
  readonly entriesMax: number;
  /** Bytes after decompression, of all entries together. */
  readonly bytesMax: number;
}

const LIMITS: ArchiveLimits = { entriesMax: 50_000, bytesMax: 2 * 1024 ** 3 };
/** Small: what one piece unpacks to is in memory at once, and a piece of a bomb unpacks to a thousand times its size. */
const CHUNK_BYTES = 2 * 1024;
const READ = /\.(xml|html|htm|json)$/i;

/** Calls `work` with the folder that holds the archive's text files, and removes the folder afterwards. */
export async function withExtracted<T>(
  file: string,
  work: (folder: string) => Promise<T>,
  limits: ArchiveLimits = LIMITS,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'lyceum-olx-'));
  try {
    await extract(file, folder, limits);
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function extract(file: string, folder: string, limits: ArchiveLimits): Promise<void> {
  let entries = 0;
  let bytes = 0;
  let refused: OlxError | null = null;
  const unpack = new Unpack({
    cwd: folder,
    strict: true,
    preserveOwner: false,
    noMtime: true,
    maxDepth: 64,
    filter(path, entry) {
      if (refused) return false;
      entries += 1;
      bytes += entry.size;
      const reason = reasonToRefuse(path, 'type' in entry ? entry.type : 'Unsupported');
      if (reason) refused = new OlxError(path, null, reason);
      else if (entries > limits.entriesMax) refused = tooLarge(file, `more than ${limits.entriesMax} entries`);
      else if (bytes > limits.bytesMax) refused = tooLarge(file, `more than ${limits.bytesMax} bytes when unpacked`);
      if (refused) unpack.abort(refused);
      return refused === null && READ.test(path) && !/(^|\/)\._/.test(path);
    },
  });
  try {
    await pipeline(createReadStream(file, { highWaterMark: CHUNK_BYTES }), unpack as unknown as NodeJS.WritableStream);
  } catch (error) {
    throw refused ?? new OlxError(file, null, `cannot be unpacked: ${error instanceof Error ? error.message : error}`);
  }
  if (refused) throw refused;
  if (entries === 0) throw new OlxError(file, null, 'is no tar archive, or an empty one');
}

function reasonToRefuse(path: string, type: string): string | null {
  if (type === 'SymbolicLink' || type === 'Link') return 'the archive holds a link';
  if (type !== 'File' && type !== 'OldFile' && type !== 'Directory') return `the archive holds a ${type}`;
  if (path.startsWith('/') || path.includes('\\') || /^[A-Za-z]:/.test(path) || path.split('/').includes('..')) {
    return 'the archive holds a path that leaves its folder';
  }
  return null;
}

function tooLarge(file: string, reason: string): OlxError {
  return new OlxError(file, null, `the archive holds ${reason}`);
}
