/**
 * Reads the content of courses, each kind by its own ids and by those of its parents, one round trip per shard.
 *
 * Answers of problems are not selected here: no path through the graph can reach them.
 */
import { columns, type DatabaseSession, sql } from '@lyceum/database';
import type { Block, Lesson, Module, Section } from './block.ts';

const MODULE = { id: true, courseId: true, title: true } as const;
const SECTION = { id: true, courseId: true, moduleId: true, title: true } as const;
const LESSON = { id: true, courseId: true, sectionId: true, title: true, position: true } as const;
const BLOCK = { id: true, courseId: true, lessonId: true, title: true, kind: true, body: true } as const;
const IN_ORDER = { orderBy: { position: 'asc' } } as const;
const LESSON_COLUMNS = columns(Object.keys(LESSON), 'l');

export function createContentRepository(session: DatabaseSession<'courses'>) {
  return {
    modules(ids: readonly string[]): Promise<Module[]> {
      return session.byShard<Module>(ids, (client, own) =>
        client.module.findMany({ where: { id: { in: own } }, select: MODULE }),
      );
    },

    sections(ids: readonly string[]): Promise<Section[]> {
      return session.byShard<Section>(ids, (client, own) =>
        client.section.findMany({ where: { id: { in: own } }, select: SECTION }),
      );
    },

    lessons(ids: readonly string[]): Promise<Lesson[]> {
      return session.byShard(
        ids,
        (client, own) =>
          client.$queryRaw<Lesson[]>`SELECT ${LESSON_COLUMNS} FROM lesson l WHERE l.id = ANY(${own}::uuid[])`,
      );
    },

    blocks(ids: readonly string[]): Promise<Block[]> {
      return session.byShard<Block>(ids, async (client, own) =>
        toBlocks(await client.block.findMany({ where: { id: { in: own } }, select: BLOCK })),
      );
    },

    /** Those of one course are in order; so are all that follow. */
    modulesOfCourses(courseIds: readonly string[]): Promise<Module[]> {
      return session.byShard<Module>(courseIds, (client, own) =>
        client.module.findMany({ where: { courseId: { in: own } }, select: MODULE, ...IN_ORDER }),
      );
    },

    sectionsOfModules(moduleIds: readonly string[]): Promise<Section[]> {
      return session.byShard<Section>(moduleIds, (client, own) =>
        client.section.findMany({ where: { moduleId: { in: own } }, select: SECTION, ...IN_ORDER }),
      );
    },

    lessonsOfSections(sectionIds: readonly string[]): Promise<Lesson[]> {
      return session.byShard<Lesson>(sectionIds, (client, own) =>
        client.lesson.findMany({ where: { sectionId: { in: own } }, select: LESSON, ...IN_ORDER }),
      );
    },

    blocksOfLessons(lessonIds: readonly string[]): Promise<Block[]> {
      return session.byShard<Block>(lessonIds, async (client, own) =>
        toBlocks(await client.block.findMany({ where: { lessonId: { in: own } }, select: BLOCK, ...IN_ORDER })),
      );
    },

    /** Of each course, at most `limit` lessons in reading order that come after the given place. */
    lessonPages(
      courseIds: readonly string[],
      { after, limit }: { after: { position: number; id: string } | null; limit: number },
    ): Promise<Lesson[]> {
      const place = after ?? { position: -1, id: '00000000-0000-0000-0000-000000000000' };
      return session.byShard<Lesson>(courseIds, (client, own) =>
        client.$queryRaw<Lesson[]>(sql`
          SELECT ${LESSON_COLUMNS}
          FROM unnest(${own}::uuid[]) AS k(course_id)
          CROSS JOIN LATERAL (
            SELECT * FROM lesson
            WHERE course_id = k.course_id AND (position, id) > (${place.position}::int, ${place.id}::uuid)
            ORDER BY position, id
            LIMIT ${limit}
          ) l
          ORDER BY l.position, l.id`),
      );
    },
  };
}
export type ContentRepository = ReturnType<typeof createContentRepository>;

/** The body's shape follows from the kind; rows are written by importers alone, through one function. */
function toBlocks(rows: readonly (Omit<Block, 'body'> & { body: unknown })[]): Block[] {
  return rows.map((row) => row as Block);
}
