/**
 * Per-request loaders for the content of courses. Children of a parent need no check of their own: whoever reached the
 * parent may see them. What is reached by its own id goes through the content service, which asks for the course.
 */
import { createLoader, type Loader } from '@lyceum/subgraph-kit';
import type { Block, Lesson, Module, Section } from './block.ts';
import type { ContentRepository } from './content.repository.ts';

export function createContentLoaders(repository: ContentRepository) {
  const lessonPages = new Map<string, Loader<string, Lesson[]>>();
  return {
    /** A page of each course's lessons; loads of the same page of several courses go to the databases together. */
    lessonPage(page: { after: { position: number; id: string } | null; limit: number }): Loader<string, Lesson[]> {
      const key = JSON.stringify([page.after, page.limit]);
      const loader =
        lessonPages.get(key) ??
        createLoader<string, Lesson[]>('lessonPage', async (ids) =>
          Map.groupBy(await repository.lessonPages(ids, page), (lesson) => lesson.courseId),
        );
      lessonPages.set(key, loader);
      return loader;
    },
    moduleById: createLoader<string, Module>('moduleById', async (ids) => byId(await repository.modules(ids))),
    sectionById: createLoader<string, Section>('sectionById', async (ids) => byId(await repository.sections(ids))),
    lessonById: createLoader<string, Lesson>('lessonById', async (ids) => byId(await repository.lessons(ids))),
    blockById: createLoader<string, Block>('blockById', async (ids) => byId(await repository.blocks(ids))),
    modulesByCourse: createLoader<string, Module[]>('modulesByCourse', async (ids) =>
      Map.groupBy(await repository.modulesOfCourses(ids), (module) => module.courseId),
    ),
    sectionsByModule: createLoader<string, Section[]>('sectionsByModule', async (ids) =>
      Map.groupBy(await repository.sectionsOfModules(ids), (section) => section.moduleId),
    ),
    lessonsBySection: createLoader<string, Lesson[]>('lessonsBySection', async (ids) =>
      Map.groupBy(await repository.lessonsOfSections(ids), (lesson) => lesson.sectionId),
    ),
    blocksByLesson: createLoader<string, Block[]>('blocksByLesson', async (ids) =>
      Map.groupBy(await repository.blocksOfLessons(ids), (block) => block.lessonId),
    ),
  };
}
export type ContentLoaders = ReturnType<typeof createContentLoaders>;

function byId<Row extends { readonly id: string }>(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [row.id, row]));
}
