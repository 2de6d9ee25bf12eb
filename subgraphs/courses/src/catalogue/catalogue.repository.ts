/**
 * Reads courses: by id on the shard the id names, by slug through the directory, and as sorted pages of all shards.
 *
 * A page asks every shard for as many rows as it needs at most, and merges the sorted answers: the cursor holds the sort
 * key and the id, so each course comes once however the shards grow in between.
 */
import { Buffer } from 'node:buffer';
import { columns, type DatabaseSession, type Directory, empty, isId, join, raw, type Sql, sql } from '@lyceum/database';
import type { Course, CourseLevel } from './course.ts';

export interface CatalogueFilter {
  readonly search: string | null;
  readonly level: CourseLevel | null;
  readonly language: string | null;
  readonly tags: readonly string[];
  readonly instructorId: string | null;
}

/** Where a page goes on: the sort key and id of the row before it. */
export type CataloguePosition =
  | { readonly sort: 'NEWEST'; readonly after: { readonly publishedAt: string; readonly id: string } | null }
  | { readonly sort: 'TITLE'; readonly after: { readonly titleKey: string; readonly id: string } | null }
  | { readonly sort: 'RELEVANCE'; readonly after: { readonly rank: number; readonly id: string } | null };

export interface ListedCourse extends Course {
  /** The title as TITLE sorts it. */
  readonly titleKey: string;
  /** How well the course matches the search; 0 without one. */
  readonly rank: number;
}

const COLUMNS = columns(
  [
    ...['id', 'slug', 'title', 'summary', 'description', 'language', 'level', 'tags', 'status', 'revision'],
    ...['instructorIds', 'moduleCount', 'sectionCount', 'lessonCount', 'textBlockCount', 'videoBlockCount'],
    ...['problemBlockCount', 'createdAt', 'updatedAt', 'publishedAt', 'titleKey'],
  ],
  'c',
);

const ORDER = {
  NEWEST: raw('c.published_at DESC, c.id DESC'),
  TITLE: raw('c.title_key, c.id'),
  RELEVANCE: raw('rank DESC, c.id DESC'),
};

export function createCatalogueRepository(session: DatabaseSession<'courses'>, directory: Directory<'courses'>) {
  return {
    /** In no order; ids of no course are left out. */
    byIds(ids: readonly string[]): Promise<Course[]> {
      return session.byShard(
        ids,
        (client, own) => client.$queryRaw<Course[]>`SELECT ${COLUMNS} FROM course c WHERE c.id = ANY(${own}::uuid[])`,
      );
    },

    /** The directory may know a slug whose course is not written yet: the id is a hint, not a promise. */
    idBySlug(slug: string): Promise<string | null> {
      return directory.lookup('slug', slug);
    },

    /** At most `limit` published courses, in the order of `position.sort`. */
    async published(filter: CatalogueFilter, position: CataloguePosition, limit: number): Promise<ListedCourse[]> {
      if (filter.instructorId !== null && !isId(filter.instructorId)) return [];
      const ranked = filter.search !== null;
      const rank = ranked ? sql`ts_rank(c.search, q.query)` : sql`0::real`;
      const statement = (owned: Sql) => sql`
        SELECT ${COLUMNS}, ${rank} AS rank
        FROM course c ${ranked ? sql`, websearch_to_tsquery('pg_catalog.english', ${filter.search}) AS q(query)` : empty}
        WHERE c.status = 'PUBLISHED' ${owned} ${conditions(filter)} ${after(position, rank)}
        ORDER BY ${ORDER[position.sort]}
        LIMIT ${limit}`;
      const pages = await session.everyShard((client, place) =>
        client.$queryRaw<ListedCourse[]>(statement(place.owned('c.id'))),
      );
      return pages.flat().sort(COMPARE[position.sort]).slice(0, limit);
    },

    /** For each person, at most `limit` courses the person teaches, newest first; published ones only unless `drafts`. */
    async taughtBy(
      instructorIds: readonly string[],
      { drafts, after, limit }: { drafts: boolean; after: string | null; limit: number },
    ): Promise<Map<string, Course[]>> {
      const ids = instructorIds.filter(isId);
      const statement = (owned: Sql) => sql`
        SELECT i.id AS "instructorId", ${COLUMNS}
        FROM unnest(${ids}::uuid[]) AS i(id)
        CROSS JOIN LATERAL (
          SELECT * FROM course
          WHERE instructor_ids @> ARRAY[i.id] ${owned}
            ${drafts ? empty : sql`AND status = 'PUBLISHED'`}
            ${after === null ? empty : sql`AND id < ${after}::uuid`}
          ORDER BY id DESC
          LIMIT ${limit}
        ) c`;
      const taught = new Map<string, (Course & { instructorId: string })[]>(instructorIds.map((id) => [id, []]));
      if (ids.length === 0) return taught;
      const pages = await session.everyShard((client, place) =>
        client.$queryRaw<(Course & { instructorId: string })[]>(statement(place.owned('id'))),
      );
      for (const row of pages.flat()) taught.get(row.instructorId)?.push(row);
      for (const [id, rows] of taught) taught.set(id, rows.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit));
      return taught;
    },
  };
}
export type CatalogueRepository = ReturnType<typeof createCatalogueRepository>;

function conditions(filter: CatalogueFilter): Sql {
  const all: Sql[] = [];
  if (filter.search !== null) all.push(sql`c.search @@ q.query`);
  if (filter.level !== null) all.push(sql`c.level = ${filter.level}::course_level`);
  if (filter.language !== null) all.push(sql`c.language = ${filter.language}`);
  if (filter.tags.length > 0) all.push(sql`c.tags @> ${[...filter.tags]}::text[]`);
  if (filter.instructorId !== null) all.push(sql`c.instructor_ids @> ARRAY[${filter.instructorId}::uuid]`);
  return all.length === 0 ? empty : sql`AND ${join(all, ' AND ')}`;
}

function after(position: CataloguePosition, rank: Sql): Sql {
  if (position.after === null) return empty;
  const { id } = position.after;
  switch (position.sort) {
    case 'NEWEST':
      return sql`AND (c.published_at, c.id) < (${position.after.publishedAt}::timestamptz, ${id}::uuid)`;
    case 'TITLE':
      return sql`AND (c.title_key, c.id) > (${position.after.titleKey}, ${id}::uuid)`;
    case 'RELEVANCE':
      return sql`AND (${rank}, c.id) < (${position.after.rank}::real, ${id}::uuid)`;
  }
}

/** The same orders as ORDER, for merging what the shards answered. */
const COMPARE: Record<CataloguePosition['sort'], (a: ListedCourse, b: ListedCourse) => number> = {
  NEWEST: (a, b) => Number(b.publishedAt) - Number(a.publishedAt) || (a.id < b.id ? 1 : -1),
  TITLE: (a, b) => Buffer.compare(Buffer.from(a.titleKey), Buffer.from(b.titleKey)) || (a.id < b.id ? -1 : 1),
  RELEVANCE: (a, b) => b.rank - a.rank || (a.id < b.id ? 1 : -1),
};
