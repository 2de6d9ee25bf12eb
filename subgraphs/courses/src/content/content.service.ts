/**
 * Parts of courses reached by their own ids: there only for those who may see the course. And pages of lessons.
 */
import { notFound } from '@lyceum/service-kit';
import { type Connection, CursorPart, loadConnection, type PageArgs } from '@lyceum/subgraph-kit';
import { z } from 'zod';
import type { CatalogueLoaders } from '../catalogue/catalogue.loaders.ts';
import type { Course } from '../catalogue/course.ts';
import { type Block, type Lesson, type Module, type ProblemBlock, plainTextOf, type Section } from './block.ts';
import type { ContentLoaders } from './content.loaders.ts';

export interface ContentService {
  module(id: string): Promise<Module | null>;
  section(id: string): Promise<Section | null>;
  lesson(id: string): Promise<Lesson | null>;
  problem(id: string): Promise<ProblemBlock | null>;
  /** The ancestors of what the viewer has reached already. */
  courseOf(part: { readonly courseId: string }): Promise<Course>;
  moduleOf(section: Section): Promise<Module>;
  sectionOf(lesson: Lesson): Promise<Section>;
  lessonOf(block: Block): Promise<Lesson>;
  plainText(lesson: Lesson): Promise<string>;
  lessons(courseId: string, page: PageArgs): Promise<Connection<Lesson>>;
}

const readingOrder = {
  cursor: z.tuple([CursorPart.integer, CursorPart.id]).transform(([position, id]) => ({ position, id })),
  partsOf: ({ position, id }: Lesson) => [position, id],
};

export function createContentService(loaders: CatalogueLoaders & ContentLoaders): ContentService {
  const ifVisible = async <Part extends { readonly courseId: string }>(part: Part | null): Promise<Part | null> =>
    part !== null && (await loaders.courseById.load(part.courseId)) !== null ? part : null;

  return {
    module: async (id) => ifVisible(await loaders.moduleById.load(id)),
    section: async (id) => ifVisible(await loaders.sectionById.load(id)),
    lesson: async (id) => ifVisible(await loaders.lessonById.load(id)),
    async problem(id) {
      const block = await loaders.blockById.load(id);
      return block?.kind === 'PROBLEM' ? ifVisible(block) : null;
    },

    courseOf: async ({ courseId }) => orThrow(await loaders.courseById.load(courseId), 'COURSE_NOT_FOUND'),
    moduleOf: async ({ moduleId }) => orThrow(await loaders.moduleById.load(moduleId), 'MODULE_NOT_FOUND'),
    sectionOf: async ({ sectionId }) => orThrow(await loaders.sectionById.load(sectionId), 'SECTION_NOT_FOUND'),
    lessonOf: async ({ lessonId }) => orThrow(await loaders.lessonById.load(lessonId), 'LESSON_NOT_FOUND'),

    plainText: async ({ id }) => plainTextOf((await loaders.blocksByLesson.load(id)) ?? []),

    lessons: (courseId, args) =>
      loadConnection(args, readingOrder, (after, limit) => loaders.lessonPage({ after, limit }).load(courseId)),
  };
}

/** A parent goes missing only if the course is changed or withdrawn between two reads of one request. */
function orThrow<Row>(row: Row | null, code: Parameters<typeof notFound>[0]): Row {
  if (row === null) throw notFound(code);
  return row;
}
