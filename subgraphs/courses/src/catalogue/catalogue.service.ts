/**
 * The catalogue: which courses a viewer finds, in which order, page by page.
 */
import type { Viewer } from '@lyceum/contracts';
import { badInput } from '@lyceum/service-kit';
import {
  type Connection,
  CursorPart,
  encodeCursor,
  loadConnection,
  type PageArgs,
  parsePage,
  toConnection,
} from '@lyceum/subgraph-kit';
import { z } from 'zod';
import type { CatalogueLoaders } from './catalogue.loaders.ts';
import type { CatalogueFilter, CataloguePosition, CatalogueRepository, ListedCourse } from './catalogue.repository.ts';
import type { Course, CourseLevel } from './course.ts';

export interface CourseListArgs extends PageArgs {
  readonly filter?: {
    readonly search?: string | null;
    readonly level?: CourseLevel | null;
    readonly language?: string | null;
    readonly tags?: readonly string[] | null;
    readonly instructorId?: string | null;
  } | null;
  readonly sort: CataloguePosition['sort'];
}

export interface CatalogueService {
  courseBySlug(slug: string): Promise<Course | null>;
  /** Throws BAD_USER_INPUT naming the argument. */
  list(args: CourseListArgs): Promise<Connection<Course>>;
  taughtBy(instructorId: string, page: PageArgs): Promise<Connection<Course>>;
}

const SEARCH_LENGTH_MAX = 200;
const TAGS_MAX = 20;

/** The first part names the order, so that a cursor of one order is refused by another. */
const NewestCursor = z.tuple([z.literal('NEWEST'), CursorPart.instant, CursorPart.id]);
const TitleCursor = z.tuple([z.literal('TITLE'), CursorPart.text, CursorPart.id]);
const RankCursor = z.tuple([z.literal('RELEVANCE'), CursorPart.real, CursorPart.id]);
/** Ids of one person's courses tell the order in which the courses were made. */
const newestId = {
  cursor: z.tuple([CursorPart.id]).transform(([id]) => id),
  partsOf: ({ id }: Course) => [id],
};

export function createCatalogueService(
  repository: CatalogueRepository,
  loaders: CatalogueLoaders,
  viewer: Viewer | null,
): CatalogueService {
  return {
    async courseBySlug(slug) {
      const id = await repository.idBySlug(slug);
      const course = id === null ? null : await loaders.courseById.load(id);
      return course?.slug === slug ? course : null;
    },

    async list(args) {
      const filter = readFilter(args.filter);
      const sort = args.sort === 'RELEVANCE' && filter.search === null ? 'NEWEST' : args.sort;
      const { position, first, limit } = readPosition(sort, args);
      const rows = await repository.published(filter, position, limit);
      for (const row of rows) loaders.courseById.prime(row.id, row);
      return toConnection(rows, {
        first,
        cursorOf: (row) => cursorOf(sort, row),
        hasPreviousPage: position.after !== null,
      });
    },

    taughtBy(instructorId, args) {
      const drafts = viewer !== null && (viewer.id === instructorId || viewer.roles.includes('ADMIN'));
      return loadConnection(args, newestId, (after, limit) =>
        loaders.taughtPage({ after, limit, drafts }).load(instructorId),
      );
    },
  };
}

function readFilter(filter: CourseListArgs['filter']): CatalogueFilter {
  const search = filter?.search?.trim() || null;
  if (search !== null && search.length > SEARCH_LENGTH_MAX) {
    throw badInput('filter.search', `must be at most ${SEARCH_LENGTH_MAX} characters`);
  }
  const tags = (filter?.tags ?? []).map((tag) => tag.trim().toLowerCase());
  if (tags.length > TAGS_MAX) throw badInput('filter.tags', `must be at most ${TAGS_MAX}`);
  return {
    search: search?.replaceAll('\u0000', '') ?? null,
    level: filter?.level ?? null,
    language: filter?.language ?? null,
    tags,
    instructorId: filter?.instructorId ?? null,
  };
}

function readPosition(sort: CataloguePosition['sort'], args: PageArgs) {
  switch (sort) {
    case 'NEWEST': {
      const { after, ...page } = parsePage(args, NewestCursor);
      const position: CataloguePosition = {
        sort,
        after: after && { publishedAt: after[1].toISOString(), id: after[2] },
      };
      return { ...page, position };
    }
    case 'TITLE': {
      const { after, ...page } = parsePage(args, TitleCursor);
      const position: CataloguePosition = { sort, after: after && { titleKey: after[1], id: after[2] } };
      return { ...page, position };
    }
    case 'RELEVANCE': {
      const { after, ...page } = parsePage(args, RankCursor);
      const position: CataloguePosition = { sort, after: after && { rank: after[1], id: after[2] } };
      return { ...page, position };
    }
  }
}

function cursorOf(sort: CataloguePosition['sort'], row: ListedCourse): string {
  switch (sort) {
    case 'NEWEST':
      return encodeCursor([sort, row.publishedAt, row.id]);
    case 'TITLE':
      return encodeCursor([sort, row.titleKey, row.id]);
    case 'RELEVANCE':
      return encodeCursor([sort, row.rank, row.id]);
  }
}
