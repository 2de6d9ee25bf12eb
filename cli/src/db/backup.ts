/**
 * `lyceum db backup`: copies databases into a new folder while the stack is in use.
 */
import { type BackupSource, backUp, backupSourcesOf, DOMAINS } from '@lyceum/database';
import { Command } from 'commander';
import { Failure } from '../failure.ts';
import { dim, say, withProgress } from '../output.ts';
import { withDatabases } from '../stack.ts';
import { describeDatabase, type PartOptions, withPart } from './part.ts';

interface Options extends PartOptions {
  readonly out: string;
}

export function backupCommand(): Command {
  return withPart(new Command('backup'))
    .description('copy databases into a new folder; services go on meanwhile')
    .requiredOption('--out <folder>', 'a folder that does not exist or is empty; it will hold password hashes')
    .addHelpText('after', '\nEach shard is copied as of one moment. docs/runbooks/backup-and-restore.md says more.')
    .action(backup);
}

async function backup({ out, domain, shard }: Options): Promise<void> {
  await withDatabases(domain ? [domain] : DOMAINS, async (databases) => {
    const known = Object.values(databases).flatMap((database) => backupSourcesOf(database));
    const sources = known.filter((source) => (shard ?? source.shard) === source.shard);
    if (sources.length === 0) {
      const shards = new Set(known.map((source) => source.shard));
      throw new Failure(`There is no shard ${shard}; there are ${[...shards].join(', ')}.`);
    }
    await copy(out, sources);
  });
}

async function copy(folder: string, sources: readonly BackupSource[]): Promise<void> {
  const { id, databases } = await withProgress('Rows', (onProgress) => backUp({ folder, sources, onProgress }));
  for (const database of databases) say(describeDatabase(database));
  say(`Backup ${id} is in ${folder}. ${dim('`npx lyceum db verify` checks it.')}`);
}
