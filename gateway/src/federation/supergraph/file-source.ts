/**
 * A supergraph in a file, read again when the file is written or replaced.
 */
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Logger } from '@lyceum/service-kit';
import type { SupergraphSource } from './supergraph-source.ts';

/** Editors write in several steps; one read after they have settled. */
const SETTLE_MS = 100;

/** Reading throws when the file is missing. */
export function createFileSource(file: string, log: Logger): SupergraphSource {
  let settling: NodeJS.Timeout | undefined;
  let stop = () => {};
  return {
    kind: 'file',
    read: () => readFile(file, 'utf8'),
    watch(changed) {
      // The folder is watched, not the file: editors and config maps replace the file rather than write into it.
      const watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
        if (name !== null && name !== basename(file) && !name.startsWith('..')) return;
        clearTimeout(settling);
        settling = setTimeout(changed, SETTLE_MS);
      });
      watcher.on('error', (error) => log.warn({ err: error, file }, 'supergraph is not watched any more'));
      stop = () => watcher.close();
    },
    close() {
      clearTimeout(settling);
      stop();
    },
  };
}
