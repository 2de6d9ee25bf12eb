/**
 * Writes an imported course: one transaction per course, one statement per table and kind of change, however many rows.
 */
import { allocateCourseBucket, type Database, newId, newIdBeside, raw, sql, type Tx } from '@lyceum/database';
import type { CourseStatus } from '../catalogue/course.ts';
import { emitCoursePublished } from '../publication/publication.repository.ts';
import type { CourseOutline, ItemKind } from './outline.ts';
import { changesAnything, type ExistingItem, type ImportPlan, type PlannedItem, planImport } from './plan.ts';

export interface WriteOptions {
  readonly publishAt: Date | null;
  /** Added to those the course has. */
  readonly instructorIds: readonly string[];
}

export interface WrittenCourse {
  readonly id: string;
  readonly slug: string;
  readonly status: CourseStatus;
  readonly revision: number;
  readonly created: boolean;
  /** False: nothing was written at all. */
  readonly changed: boolean;
  readonly plan: ImportPlan;
}

const SLUG_TRIES = 100;

const TABLES = { modules: raw('module'), sections: raw('section'), lessons: raw('lesson'), blocks: raw('block') };
const PARENT_COLUMNS = {
  modules: raw('course_id'),
  sections: raw('module_id'),
  lessons: raw('section_id'),
  blocks: raw('lesson_id'),
};

export function createImportRepository(database: Database<'courses'>) {
  const { directory } = database;
  const session = database.session(null);
  const exists = async (id: string): Promise<boolean> =>
    (await (await session.read(id, 'primary')).course.count({ where: { id } })) > 0;

  return {
    /** The course that an earlier import of this key wrote, or null. */
    async find(externalKey: string): Promise<string | null> {
      const id = await directory.lookup('external_key', externalKey);
      return id !== null && (await exists(id)) ? id : null;
    },

    /** Writes a new course under its key and a free slug. Null if another import holds the key right now. */
    async create(outline: CourseOutline, options: WriteOptions): Promise<WrittenCourse | null> {
      const ownerId = newId(await allocateCourseBucket(database));
      for (let number = 1; number <= SLUG_TRIES; number += 1) {
        const slug = number === 1 ? outline.slug : `${outline.slug.slice(0, 75)}-${number}`;
        const claims = { ownerId, values: { external_key: outline.externalKey, slug } };
        const result = await directory.withClaims(session, claims, (tx) => write(tx, ownerId, slug, outline, options));
        if ('written' in result) return result.written;
        if (result.taken === 'external_key') return null;
      }
      throw new Error(`No free slug like ${outline.slug}.`);
    },

    update(id: string, outline: CourseOutline, options: WriteOptions): Promise<WrittenCourse> {
      return session.transaction(id, (tx) => write(tx, id, outline.slug, outline, options));
    },
  };
}
export type ImportRepository = ReturnType<typeof createImportRepository>;

/** All or nothing. `slug` is used only where the course is new. */
async function write(
  tx: Tx<'courses'>,
  id: string,
  slug: string,
  outline: CourseOutline,
  options: WriteOptions,
): Promise<WrittenCourse> {
  const before = await lockCourse(tx, id);
  const plan = planImport(outline, await readItems(tx, id), id, () => newIdBeside(id));
  const instructorIds = [...new Set([...(before?.instructorIds ?? []), ...options.instructorIds])];
  const publishes = options.publishAt !== null && before?.status !== 'PUBLISHED';
  const changed =
    before === null ||
    publishes ||
    before.contentHash !== outline.contentHash ||
    instructorIds.length !== before.instructorIds.length ||
    changesAnything(plan);
  if (before !== null && !changed) {
    const { status, revision } = before;
    return { id, slug: before.slug, status, revision, created: false, changed, plan };
  }
  const data = {
    ...(before?.contentHash === outline.contentHash ? {} : { ...outline.course, contentHash: outline.contentHash }),
    ...countsOf(outline),
    ...(publishes ? { status: 'PUBLISHED' as const, publishedAt: before?.publishedAt ?? options.publishAt } : {}),
    instructorIds,
  };
  const after =
    before === null
      ? await tx.course.create({
          data: { ...data, ...outline.course, id, slug, externalKey: outline.externalKey },
        })
      : await tx.course.update({ where: { id }, data: { ...data, revision: { increment: 1 } } });
  await writeItems(tx, id, plan);
  if (after.status === 'PUBLISHED') await emitCoursePublished(tx, { ...after, available: true });
  const { status, revision } = after;
  return { id, slug: after.slug, status, revision, created: before === null, changed, plan };
}

async function lockCourse(tx: Tx<'courses'>, id: string) {
  await tx.$queryRaw(sql`SELECT id FROM course WHERE id = ${id}::uuid FOR UPDATE`);
  return tx.course.findUnique({ where: { id } });
}

async function readItems(tx: Tx<'courses'>, courseId: string): Promise<Record<ItemKind, ExistingItem[]>> {
  const read = (kind: ItemKind) =>
    tx.$queryRaw<ExistingItem[]>(sql`
      SELECT id, external_key AS "externalKey", content_hash AS "contentHash", position,
        ${PARENT_COLUMNS[kind]} AS "parentId"
      FROM ${TABLES[kind]} WHERE course_id = ${courseId}::uuid AND external_key IS NOT NULL`);
  return {
    modules: await read('modules'),
    sections: await read('sections'),
    lessons: await read('lessons'),
    blocks: await read('blocks'),
  };
}

function countsOf({ items }: CourseOutline) {
  const ofKind = (kind: string) => items.blocks.filter((item) => item.block?.kind === kind).length;
  return {
    moduleCount: items.modules.length,
    sectionCount: items.sections.length,
    lessonCount: items.lessons.length,
    textBlockCount: ofKind('TEXT'),
    videoBlockCount: ofKind('VIDEO'),
    problemBlockCount: ofKind('PROBLEM'),
  };
}

/** Parents before children, and what is removed last and upwards: a row may move out of a parent that goes away. */
async function writeItems(tx: Tx<'courses'>, courseId: string, plan: ImportPlan): Promise<void> {
  for (const kind of ['modules', 'sections', 'lessons', 'blocks'] as const) {
    if (plan[kind].create.length > 0) await insertItems(tx, courseId, kind, plan[kind].create);
    if (plan[kind].update.length > 0) await updateItems(tx, kind, plan[kind].update);
  }
  for (const kind of ['blocks', 'lessons', 'sections', 'modules'] as const) {
    const { remove } = plan[kind];
    if (remove.length > 0) await tx.$executeRaw(sql`DELETE FROM ${TABLES[kind]} WHERE id = ANY(${remove}::uuid[])`);
  }
}

const RECORD = raw(
  't(id uuid, parent uuid, title text, position int, key text, hash text, kind text, body jsonb, grading jsonb)',
);

function recordsOf(items: readonly PlannedItem[]): string {
  return JSON.stringify(
    items.map(({ id, parentId, title, position, externalKey, contentHash, block }) => ({
      ...{ id, parent: parentId, title, position, key: externalKey, hash: contentHash },
      ...block,
    })),
  );
}

async function insertItems(
  tx: Tx<'courses'>,
  courseId: string,
  kind: ItemKind,
  items: readonly PlannedItem[],
): Promise<void> {
  const parent = kind === 'modules' ? raw('') : sql`${PARENT_COLUMNS[kind]},`;
  const parentValue = kind === 'modules' ? raw('') : raw('parent,');
  const own = kind === 'blocks' ? raw(', kind, body, grading') : raw('');
  const ownValues = kind === 'blocks' ? raw(', kind::block_kind, body, grading') : raw('');
  await tx.$executeRaw(sql`
    INSERT INTO ${TABLES[kind]} (id, course_id, ${parent} title, position, external_key, content_hash ${own})
    SELECT id, ${courseId}::uuid, ${parentValue} title, position, key, hash ${ownValues}
    FROM jsonb_to_recordset(${recordsOf(items)}::jsonb) AS ${RECORD}`);
}

async function updateItems(tx: Tx<'courses'>, kind: ItemKind, items: readonly PlannedItem[]): Promise<void> {
  const own = kind === 'blocks' ? raw(', kind = t.kind::block_kind, body = t.body, grading = t.grading') : raw('');
  await tx.$executeRaw(sql`
    UPDATE ${TABLES[kind]} AS item
    SET ${PARENT_COLUMNS[kind]} = t.parent, title = t.title, position = t.position, content_hash = t.hash ${own}
    FROM jsonb_to_recordset(${recordsOf(items)}::jsonb) AS ${RECORD}
    WHERE item.id = t.id`);
}
