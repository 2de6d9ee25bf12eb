/**
 * `lyceum db`: what is done to databases as a whole. One file per subcommand, in ../db.
 */
import { Command } from 'commander';
import { backupCommand } from '../db/backup.ts';
import { restoreCommand } from '../db/restore.ts';
import { verifyCommand } from '../db/verify.ts';

export function dbCommand(): Command {
  return new Command('db')
    .description('back databases up, check a backup, bring them back')
    .addCommand(backupCommand())
    .addCommand(verifyCommand())
    .addCommand(restoreCommand());
}
