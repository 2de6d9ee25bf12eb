/**
 * Per-request loaders for the content of courses. Children of a parent need no check of their own: whoever reached the
 * parent may see them. What is reached by its own id goes through the content service, which asks for the course.
 */
import { createLoader, type Loader } from '@lyceum/subgraph-kit';
import type { Block, Lesson, Module, Section } from './block.ts';
import type { ContentRepository } from './content.repository.ts';

export interface LessonPage {
  readonly after: { readonly position: number; readonly id: string } | null;
  readonly limit: number;
}

export interface ContentLoaders {
  readonly moduleById: Loader<string, Module>;
  readonly sectionById: Loader<string, Section>;
  readonly lessonById: Loader<string, Lesson>;
  readonly blockById: Loader<string, Block>;
  readonly modulesByCourse: Loader<string, Module[]>;
  readonly sectionsByModule: Loader<string, Section[]>;
  readonly lessonsBySection: Loader<string, Lesson[]>;
  readonly blocksByLesson: Loader<string, Block[]>;
  /** A page of each course's lessons; loads of the same page of several courses go to the databases together. */
  lessonPage(page: LessonPage): Loader<string, Lesson[]>;
}

export function createContentLoaders(repository: ContentRepository): ContentLoaders {
  const moduleById = createLoader<string, Module>('moduleById', async (ids) => byId(await repository.modules(ids)));
  const sectionById = createLoader<string, Section>('sectionById', async (ids) => byId(await repository.sections(ids)));
  const lessonById = createLoader<string, Lesson>('lessonById', async (ids) => byId(await repository.lessons(ids)));
  const lessonPages = new Map<string, Loader<string, Lesson[]>>();
  return {
    moduleById,
    sectionById,
    lessonById,
    blockById: createLoader<string, Block>('blockById', async (ids) => byId(await repository.blocks(ids))),
    // Rows read as children are known by their ids from then on.
    modulesByCourse: createLoader<string, Module[]>('modulesByCourse', async (ids) =>
      Map.groupBy(prime(moduleById, await repository.modulesOfCourses(ids)), (module) => module.courseId),
    ),
    sectionsByModule: createLoader<string, Section[]>('sectionsByModule', async (ids) =>
      Map.groupBy(prime(sectionById, await repository.sectionsOfModules(ids)), (section) => section.moduleId),
    ),
    lessonsBySection: createLoader<string, Lesson[]>('lessonsBySection', async (ids) =>
      Map.groupBy(prime(lessonById, await repository.lessonsOfSections(ids)), (lesson) => lesson.sectionId),
    ),
    blocksByLesson: createLoader<string, Block[]>('blocksByLesson', async (ids) =>
      Map.groupBy(await repository.blocksOfLessons(ids), (block) => block.lessonId),
    ),
    lessonPage(page) {
      const key = JSON.stringify([page.after, page.limit]);
      const known = lessonPages.get(key);
      if (known) return known;
      const loader = createLoader<string, Lesson[]>('lessonPage', async (ids) =>
        Map.groupBy(prime(lessonById, await repository.lessonPages(ids, page)), (lesson) => lesson.courseId),
      );
      lessonPages.set(key, loader);
      return loader;
    },
  };
}

function prime<Row extends { readonly id: string }>(loader: Loader<string, Row>, rows: readonly Row[]): readonly Row[] {
  for (const row of rows) loader.prime(row.id, row);
  return rows;
}

function byId<Row extends { readonly id: string }>(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [row.id, row]));
}
