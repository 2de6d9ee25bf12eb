/**
 * Says when a file may have changed: written, replaced, removed, or put in place for the first time.
 */
import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Editors write in several steps; one read after they have settled. */
const SETTLE_MS = 50;

/** The folder must exist. `failed` is called once when changes are seen no more. Keeps no process alive. */
export function watchFileChanges(
  file: string,
  { changed, failed }: { changed(): void; failed(error: Error): void },
): { close(): void } {
  let settling: NodeJS.Timeout | undefined;
  // The folder, not the file: editors and config maps replace files, and a watch of the old inode would go deaf.
  const watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
    if (name !== null && name !== basename(file) && !name.startsWith('..')) return;
    clearTimeout(settling);
    settling = setTimeout(changed, SETTLE_MS);
    settling.unref();
  });
  watcher.on('error', failed);
  return {
    close() {
      clearTimeout(settling);
      watcher.close();
    },
  };
}
