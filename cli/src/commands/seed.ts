/**
 * `lyceum seed`: the catalogue and demo accounts, or any number of reproducible learners with their progress.
 */
import { demoAccounts, demoPassword } from '@lyceum/database';
import { Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from '../options.ts';
import { say } from '../output.ts';
import { seedCatalogue } from '../seed/seed-catalogue.ts';
import { seedDemoAccounts } from '../seed/seed-demo-accounts.ts';
import { seedManyLearners } from '../seed/seed-many-learners.ts';
import { withDatabases } from '../stack.ts';

interface Options {
  readonly learners?: number;
  readonly progressRows?: number;
  readonly seed: string;
}

const ROWS_PER_LEARNER = 20;

export function seedCommand(): Command {
  return new Command('seed')
    .description('fill the databases; running it again adds what is missing and changes nothing else')
    .option('--learners <n>', 'make so many learners instead, with progress in the published courses', wholeNumber)
    .option(
      '--progress-rows <m>',
      `rows of lesson progress in all (default: ${ROWS_PER_LEARNER} a learner)`,
      wholeNumber,
    )
    .option(
      '--seed <s>',
      'lower-case letters, digits and hyphens; the same seed gives the same learners',
      seedName,
      'lyceum',
    )
    .addHelpText('after', '\nWithout --learners: the courses of prisma/seed/catalogue and an account for each role.')
    .action(seed);
}

async function seed({ learners, progressRows, seed: name }: Options, command: Command): Promise<void> {
  if (learners === undefined) {
    if (progressRows !== undefined) command.error('error: --progress-rows is of use with --learners only');
    await withDatabases(['users', 'courses'], async ({ users, courses }) => {
      const accounts = await seedDemoAccounts(users);
      await seedCatalogue(courses, accounts.instructor);
    });
    say(
      `Accounts: ${Object.values(demoAccounts)
        .map(({ email }) => email)
        .join(', ')} (password ${demoPassword}).`,
    );
    return;
  }
  await withDatabases(['users', 'courses', 'progress'], (databases) =>
    seedManyLearners(databases, {
      count: learners,
      progressRows: progressRows ?? learners * ROWS_PER_LEARNER,
      seed: name,
    }),
  );
}

function seedName(text: string): string {
  if (!/^[a-z0-9-]{1,40}$/.test(text)) {
    throw new InvalidArgumentError('It must be 1–40 lower-case letters, digits or hyphens.');
  }
  return text;
}
