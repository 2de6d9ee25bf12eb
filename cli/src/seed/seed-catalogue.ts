/**
 * Writes the courses of prisma/seed/catalogue through the same import as any other course.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createImportRepository, createImportService } from '@lyceum/courses/import';
import type { Database } from '@lyceum/database';
import { repositoryRoot } from '../config.ts';
import { counted, dim, say } from '../output.ts';
import { parseCatalogueFile } from './catalogue-file.ts';

const folder = join(repositoryRoot, 'prisma/seed/catalogue');
const OUTCOMES = { created: 'created', updated: 'updated', unchanged: 'no change' };

/** In order of the file names, because courses lie on shards in the order of their making. */
export async function seedCatalogue(courses: Database<'courses'>, instructorId: string): Promise<void> {
  const importer = createImportService(createImportRepository(courses));
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  for (const name of names) {
    const document = parseCatalogueFile(name, await readFile(join(folder, name), 'utf8'));
    const { outcome } = await importer.importCourse(document, { publish: true, instructorIds: [instructorId] });
    const lessons = document.modules.flatMap(({ sections }) => sections).flatMap((section) => section.lessons);
    say(`${document.title} ${dim(`${counted(lessons.length, 'lesson')} · ${OUTCOMES[outcome]}`)}`);
  }
}
