/**
 * A supergraph in a file, read again when the file is written or replaced.
 */
import { readFile } from 'node:fs/promises';
import { type Logger, watchFileChanges } from '@lyceum/service-kit';
import type { SupergraphSource } from './supergraph-source.ts';

/** Reading throws when the file is missing. */
export function createFileSource(file: string, log: Logger): SupergraphSource {
  let stop = () => {};
  return {
    kind: 'file',
    read: () => readFile(file, 'utf8'),
    watch(changed) {
      const failed = (err: Error) => log.warn({ err, file }, 'supergraph is not watched any more');
      stop = watchFileChanges(file, { changed, failed }).close;
    },
    close: () => stop(),
  };
}
