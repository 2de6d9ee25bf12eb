/**
 * `lyceum db restore`: brings databases back from a backup. Never writes over data.
 */
import { type Domain, directOf, readDatabaseUrls, restore as restoreDatabases } from '@lyceum/database';
import { Command } from 'commander';
import { readStackEnvironment } from '../config.ts';
import { type Progress, say, showProgress } from '../output.ts';
import { describeDatabase, type PartOptions, withPart } from './part.ts';

export function restoreCommand(): Command {
  return withPart(new Command('restore'))
    .argument('<folder>', 'a backup')
    .description('make databases anew from a backup; run it again if it was cut off')
    .addHelpText('after', '\nStop the services first. A database that has rows is refused.')
    .action(restore);
}

async function restore(folder: string, part: PartOptions): Promise<void> {
  const { variables } = readStackEnvironment();
  const urlOf = (domain: Domain, shard: string) =>
    directOf(readDatabaseUrls(variables, domain, [shard])[shard]!).primary;
  const shown: { step?: string; progress?: Progress } = {};
  const onProgress = (step: 'verify' | 'load', done: number, of: number) => {
    if (shown.step !== step) {
      shown.progress?.end();
      Object.assign(shown, { step, progress: showProgress(step === 'verify' ? 'Checking bytes' : 'Loading rows') });
    }
    shown.progress?.update(done, of);
  };
  try {
    const { manifest, restored, foundLoaded } = await restoreDatabases({ folder, part, urlOf, onProgress });
    shown.progress?.end();
    for (const database of foundLoaded) say(`${describeDatabase(database)}: loaded by an earlier run`);
    for (const database of restored) say(describeDatabase(database));
    say(`Restored from backup ${manifest.id} of ${manifest.startedAt}. Every count and checksum is the backup's.`);
  } finally {
    shown.progress?.end();
  }
}
