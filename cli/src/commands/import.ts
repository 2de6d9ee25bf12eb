/**
 * `lyceum import olx`: brings an Open edX export in, whole or not at all, and says what it did.
 */
import { createImportRepository, createImportService } from '@lyceum/courses/import';
import { createAccountsRepository } from '@lyceum/users/accounts';
import { normalizeEmail } from '@lyceum/users/email';
import { Command } from 'commander';
import { Failure } from '../failure.ts';
import { describeImport } from '../import/describe-import.ts';
import { readOlx } from '../import/olx/read-olx.ts';
import { say, withProgress } from '../output.ts';
import { withDatabases } from '../stack.ts';

interface Options {
  readonly draft?: boolean;
  readonly instructor?: string;
}

export function importCommand(): Command {
  return new Command('import')
    .description('bring courses in')
    .addCommand(
      new Command('olx')
        .description('import an Open edX export; importing it again updates what changed')
        .argument('<export>', 'a folder with course.xml, or a .tar.gz as Studio writes it')
        .option('--draft', 'do not publish the course')
        .option('--instructor <email>', 'the account that teaches the course')
        .action(importOlx),
    );
}

async function importOlx(path: string, { draft = false, instructor }: Options): Promise<void> {
  const { document, report } = await withProgress('Reading', (onProgress) => readOlx(path, { onProgress }));
  const instructorIds = instructor === undefined ? [] : [await findInstructor(instructor)];
  const result = await withDatabases(['courses'], ({ courses }) =>
    createImportService(createImportRepository(courses)).importCourse(document, { publish: !draft, instructorIds }),
  );
  for (const line of describeImport({ document, report, result })) say(line);
}

async function findInstructor(email: string): Promise<string> {
  const account = await withDatabases(['users'], ({ users }) =>
    createAccountsRepository(users).findByEmail(normalizeEmail(email)),
  );
  if (!account) throw new Failure(`There is no account with the address ${email}.`);
  if (!account.person.isInstructor) throw new Failure(`The account ${email} does not have the role INSTRUCTOR.`);
  return account.person.id;
}
