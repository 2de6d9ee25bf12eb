/**
 * `lyceum db`: migrations, and what is to be known about the databases of a running stack.
 */
import { Command } from 'commander';
import { driftCommand } from '../db/drift.ts';
import { explainCommand } from '../db/explain.ts';
import { migrateCommand } from '../db/migrate.ts';
import { statusCommand } from '../db/status.ts';

export function dbCommand(): Command {
  const db = new Command('db').description('migrate the databases, and examine their schemas and query plans');
  for (const command of [migrateCommand(), statusCommand(), driftCommand(), explainCommand()]) db.addCommand(command);
  return db;
}
