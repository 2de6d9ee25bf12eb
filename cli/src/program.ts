/**
 * The `lyceum` command: its commands, and what their endings mean.
 *
 * Exit codes: 0 done; 1 the input or the stack is at fault, and the message says how; 2 the command line is not one.
 */
import { BackupError, MigrationError } from '@lyceum/database';
import { isLyceumError } from '@lyceum/service-kit';
import { Command, CommanderError } from 'commander';
import { dbCommand } from './commands/db.ts';
import { doctorCommand } from './commands/doctor.ts';
import { graphCommand } from './commands/graph.ts';
import { importCommand } from './commands/import.ts';
import { outboxCommand } from './commands/outbox.ts';
import { seedCommand } from './commands/seed.ts';
import { shardsCommand } from './commands/shards.ts';
import { Failure, reasonOf } from './failure.ts';
import { OlxError } from './import/olx/olx-error.ts';

const USAGE = 2;

/** Resolves with the exit code; never throws. */
export async function run(args: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

function createProgram(): Command {
  const program = new Command('lyceum')
    .description(
      'Fills, examines and steers a Lyceum stack: the one that `npm start` runs, or the one the environment names.',
    )
    .addHelpText('after', '\nExit codes: 0 done, 1 the input or the stack is at fault, 2 the command line is not one.')
    .helpCommand('help [command]', 'show how a command is used');
  const commands = [importCommand, seedCommand, dbCommand, shardsCommand, outboxCommand, graphCommand, doctorCommand];
  for (const create of commands) program.addCommand(create());
  for (const command of allOf(program)) command.exitOverride().showHelpAfterError('(--help shows how it is used)');
  return program;
}

function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)];
}

/** What a person can put right is said in one message; anything else is a bug and shows where it happened. */
function messageOf(error: unknown): string {
  if (error instanceof Failure || error instanceof OlxError) return error.message;
  if (isLyceumError(error)) {
    return error.cause instanceof Error ? `${error.message} (${reasonOf(error)})` : error.message;
  }
  if (error instanceof BackupError || error instanceof MigrationError) return error.message;
  if (error instanceof Error && error.name === 'ConfigError') return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
