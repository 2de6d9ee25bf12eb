/**
 * `lyceum db`: what is done to databases as a whole, and what is to be known about them. One file per subcommand, in ../db.
 */
import { Command } from 'commander';
import { backupCommand } from '../db/backup.ts';
import { driftCommand } from '../db/drift.ts';
import { explainCommand } from '../db/explain.ts';
import { migrateCommand } from '../db/migrate.ts';
import { restoreCommand } from '../db/restore.ts';
import { statusCommand } from '../db/status.ts';
import { verifyCommand } from '../db/verify.ts';

const SUBCOMMANDS = [
  migrateCommand,
  statusCommand,
  driftCommand,
  explainCommand,
  backupCommand,
  verifyCommand,
  restoreCommand,
];

export function dbCommand(): Command {
  const db = new Command('db').description('migrate databases, examine schemas and query plans, back up and restore');
  for (const create of SUBCOMMANDS) db.addCommand(create());
  return db;
}
