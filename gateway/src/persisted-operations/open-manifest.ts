/**
 * Serves the manifest of a file, and the next one when the file changes.
 *
 * The last good one goes on, whatever comes: a file that is removed or does not load is told to operators and changes
 * nothing. A gateway whose file is not there yet begins without documents.
 */
import { readFile, stat } from 'node:fs/promises';
import { ConfigError, type Live, type Logger, watchFileChanges } from '@lyceum/service-kit';
import { EMPTY_MANIFEST, type Manifest, parseManifest } from './manifest.ts';

export interface ManifestOptions {
  readonly file: string;
  /** Somebody has named the file: it must be there. */
  readonly required: boolean;
  readonly maxBytes: () => number;
  readonly log: Logger;
}

export interface ServedManifest extends Live<Manifest> {
  close(): void;
}

/** Throws if the file is there at start and does not load. */
export async function openManifest({ file, required, maxBytes, log }: ManifestOptions): Promise<ServedManifest> {
  let current = EMPTY_MANIFEST;
  let latest: object | undefined;

  async function load(): Promise<void> {
    const turn = {};
    latest = turn;
    const { size } = await stat(file);
    if (size > maxBytes()) throw new ConfigError(file, ['is larger than persistedOperations.maxBytes allows']);
    const manifest = parseManifest(file, await readFile(file, 'utf8'));
    // Overtaken by a later read, or closed.
    if (latest !== turn) return;
    current = manifest;
    log.info({ file, documents: manifest.size }, 'persisted operations loaded');
  }

  // Watched first, so that nothing that changes from now on is missed.
  const watcher = watchFileChanges(file, {
    changed: () =>
      void load().catch((err: unknown) =>
        log.error({ err, file }, 'persisted operations do not load, the last good ones stay'),
      ),
    failed: (err) => log.error({ err, file }, 'persisted operations are no longer watched'),
  });
  function close(): void {
    latest = undefined;
    watcher.close();
  }
  try {
    await load();
  } catch (error) {
    if (required || (error as NodeJS.ErrnoException).code !== 'ENOENT') {
      close();
      throw error;
    }
  }
  return {
    get current() {
      return current;
    },
    close,
  };
}
