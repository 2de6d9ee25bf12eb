/**
 * `lyceum db verify`: checks a backup, without a database.
 */
import { verifyBackup } from '@lyceum/database';
import { Command } from 'commander';
import { say, withProgress } from '../output.ts';
import { describeDatabase, type PartOptions, withPart } from './part.ts';

export function verifyCommand(): Command {
  return withPart(new Command('verify'))
    .argument('<folder>', 'a backup')
    .description('check that every file of a backup is what was written; needs no database')
    .action(verify);
}

async function verify(folder: string, part: PartOptions): Promise<void> {
  const { manifest, databases } = await withProgress('Bytes', (onProgress) =>
    verifyBackup(folder, { part, onProgress }),
  );
  for (const database of databases) say(describeDatabase(database));
  say(`Backup ${manifest.id} of ${manifest.startedAt} is whole.`);
}
