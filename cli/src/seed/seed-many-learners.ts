/**
 * Any number of learners with progress in the published courses, written in bulk.
 */
import { readPublishedOutlines } from '@lyceum/courses/import';
import { type Database, demoPassword, seedLearners } from '@lyceum/database';
import { hashPassword } from '@lyceum/users/passwords';
import { Failure } from '../failure.ts';
import { counted, number, say, withProgress } from '../output.ts';

export interface ManyLearners {
  readonly count: number;
  readonly progressRows: number;
  readonly seed: string;
}

interface Databases {
  readonly users: Database<'users'>;
  readonly courses: Database<'courses'>;
  readonly progress: Database<'progress'>;
}

export async function seedManyLearners({ users, courses, progress }: Databases, wanted: ManyLearners): Promise<void> {
  const outlines = (await readPublishedOutlines(courses)).filter(({ lessons }) => lessons.length > 0);
  if (outlines.length === 0) {
    throw new Failure(
      'There is no published course with lessons: run `npx lyceum seed` or `npx lyceum import olx` first.',
    );
  }
  const begun = performance.now();
  const passwordHash = await hashPassword(demoPassword);
  const made = await withProgress('Learners', (update) =>
    seedLearners({
      ...wanted,
      courses: outlines,
      databases: { users, progress },
      passwordHash,
      onProgress: ({ learners, of }) => update(learners, of),
    }),
  );
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  say(
    made.learners === 0
      ? `No change: the ${number(wanted.count)} learners of seed ${wanted.seed} are there already.`
      : `${counted(made.learners, 'learner')} with ${counted(made.progressRows, 'row')} of lesson progress in ${seconds} s.`,
  );
}
