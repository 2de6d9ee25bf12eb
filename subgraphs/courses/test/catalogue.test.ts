import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CoursesUnderTest, courseDocument, openCourses, person, textBlock } from './support.ts';

let courses: CoursesUnderTest;
const TITLES = ['Zebras', 'apples', 'Élan', 'Mangos', 'Bees', 'bees at work', 'Quinces'];
const teacher = person('INSTRUCTOR');
const ids = new Map<string, string>();

beforeAll(async () => {
  courses = await openCourses();
  for (const [index, title] of TITLES.entries()) {
    const document = courseDocument(
      { l1: [textBlock('a')], l2: [textBlock('b')], l3: [] },
      {
        title,
        summary: title === 'Mangos' ? 'How orchards grow, and what grows in them.' : 'Short.',
        description: title === 'Quinces' ? '<p>Much about orchards in the <b>north</b>.</p>' : '',
        level: index % 2 === 0 ? 'BEGINNER' : 'ADVANCED',
        language: title === 'Élan' ? 'fr' : 'en',
        tags: index < 3 ? ['Living Things', 'a'] : ['a'],
      },
    );
    const instructorIds = title.toLowerCase().startsWith('bees') ? [teacher.id] : [];
    ids.set(title, (await courses.importer.importCourse(document, { publish: true, instructorIds })).courseId);
  }
  const draft = courseDocument({ l: [textBlock('a')] }, { title: 'Unfinished orchards' });
  ids.set(
    'draft',
    (await courses.importer.importCourse(draft, { publish: false, instructorIds: [teacher.id] })).courseId,
  );
  await courses.tenant.replicasCaughtUp();
});
afterAll(() => courses[Symbol.asyncDispose]());

const LIST = `
  query List($first: Int!, $after: String, $filter: CourseFilter, $sort: CourseSort!) {
    courses(first: $first, after: $after, filter: $filter, sort: $sort) {
      edges { cursor node { id title } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`;
interface List {
  courses: {
    edges: { cursor: string; node: { id: string; title: string } }[];
    pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
  };
}

async function list(args: { filter?: object; sort?: string; first?: number; after?: string | null }) {
  const client = await courses.as(null);
  const variables = { first: 100, sort: 'NEWEST', ...args };
  return (await client.query<List>(LIST, variables)).courses;
}
const titles = async (args: Parameters<typeof list>[0]) => (await list(args)).edges.map(({ node }) => node.title);

describe('paging through the catalogue', () => {
  test('the courses lie on both shards', () => {
    const shards = new Set([...ids.values()].map((id) => courses.resources.database.shardOf(id)));
    expect([...shards].sort()).toEqual(['s1', 's2']);
  });

  test.each([
    ['NEWEST', undefined, [...TITLES].reverse()],
    ['TITLE', undefined, ['apples', 'Bees', 'bees at work', 'Mangos', 'Quinces', 'Zebras', 'Élan']],
    ['RELEVANCE', { search: 'orchards' }, ['Mangos', 'Quinces']],
  ])('of two shards visits each course once, by %s', async (sort, filter, expected) => {
    const seen: string[] = [];
    let after: string | null = null;
    for (let page = 0; page < 20; page += 1) {
      const { edges, pageInfo } = await list({ sort, filter, first: 2, after });
      seen.push(...edges.map(({ node }) => node.title));
      expect(pageInfo.hasPreviousPage).toBe(page > 0);
      expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor ?? null);
      after = pageInfo.endCursor;
      if (!pageInfo.hasNextPage) break;
    }
    expect(seen).toEqual(expected);
  });

  test('a cursor of another order, or of nobody, is refused by name', async () => {
    const client = await courses.as(null);
    const { pageInfo } = await list({ sort: 'TITLE', first: 1 });
    for (const after of [pageInfo.endCursor, 'nonsense']) {
      const { errors } = await client.request(LIST, { first: 1, sort: 'NEWEST', after });
      expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
      expect(errors[0]?.message).toMatch(/after/);
    }
  });

  test.each([0, 101, -1])('a page of %d is refused by name', async (first) => {
    const { errors } = await (await courses.as(null)).request(LIST, { first, sort: 'NEWEST' });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(errors[0]?.message).toMatch(/first/);
  });
});

describe('search finds', () => {
  test.each([
    ['words of the title', 'zebra', ['Zebras']],
    ['words of summary and description, the summary first', 'orchard', ['Mangos', 'Quinces']],
    ['tags', '"living things"', ['Zebras', 'apples', 'Élan']],
    ['all words of a phrase only in order', '"things living"', []],
    ['nothing that is left out by a minus', 'bees -work', ['Bees']],
    ['no draft', 'unfinished', []],
    ['nothing for signs alone', `:*&|!'"(`, []],
  ])('%s', async (_, search, expected) => {
    const found = await titles({ filter: { search }, sort: 'RELEVANCE' });
    if (expected.length > 2) expect(found.sort()).toEqual([...expected].sort());
    else expect(found).toEqual(expected);
  });
});

describe('a filter', () => {
  test('by level, language, tags and instructor gives what fits all of them', async () => {
    expect(await titles({ filter: { level: 'ADVANCED' }, sort: 'TITLE' })).toEqual([
      'apples',
      'bees at work',
      'Mangos',
    ]);
    expect(await titles({ filter: { language: 'fr' } })).toEqual(['Élan']);
    expect(await titles({ filter: { tags: ['a', 'LIVING things'], level: 'ADVANCED' } })).toEqual(['apples']);
    expect(await titles({ filter: { instructorId: teacher.id }, sort: 'TITLE' })).toEqual(['Bees', 'bees at work']);
    expect(await titles({ filter: { instructorId: 'nobody' } })).toEqual([]);
    expect(await titles({ filter: { tags: ["a'; DROP TABLE course; --"] } })).toEqual([]);
  });
});

test('what a person teaches lists drafts for the person and administrators only', async () => {
  const query = `query($ids: [_Any!]!) {
    _entities(representations: $ids) { ... on User { id taughtCourses(first: 2) { edges { node { title } } pageInfo { hasNextPage } } } }
  }`;
  const taught = async (viewer: ReturnType<typeof person> | null) => {
    const client = await courses.as(viewer);
    const { _entities } = await client.query<{
      _entities: { taughtCourses: { edges: { node: { title: string } }[]; pageInfo: { hasNextPage: boolean } } }[];
    }>(query, { ids: [teacher.id, person().id].map((id) => ({ __typename: 'User', id })) });
    return _entities.map(({ taughtCourses }) => [
      taughtCourses.edges.map(({ node }) => node.title),
      taughtCourses.pageInfo.hasNextPage,
    ]);
  };
  const published = [
    [['bees at work', 'Bees'], false],
    [[], false],
  ];
  expect(await taught(null)).toEqual(published);
  expect(await taught(person('INSTRUCTOR'))).toEqual(published);
  for (const viewer of [teacher, person('ADMIN')]) {
    expect(await taught(viewer)).toEqual([
      [['Unfinished orchards', 'bees at work'], true],
      [[], false],
    ]);
  }
});

test('a page of lessons goes through the course in reading order', async () => {
  const client = await courses.as(null);
  const query = `query($id: ID!, $after: String) {
    course(id: $id) { lessons(first: 2, after: $after) { edges { node { title section { title module { title course { id } } } } }
      pageInfo { hasNextPage endCursor } } } }`;
  interface Page {
    course: {
      lessons: { edges: { node: { title: string } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
    };
  }
  const id = ids.get('Zebras');
  const first = (await client.query<Page>(query, { id })).course.lessons;
  const second = (await client.query<Page>(query, { id, after: first.pageInfo.endCursor })).course.lessons;
  expect(first.edges.map(({ node }) => node.title)).toEqual(['l1', 'l2']);
  expect(first.edges[0]?.node).toMatchObject({ section: { title: 'Section', module: { course: { id } } } });
  expect(second.edges.map(({ node }) => node.title)).toEqual(['l3']);
  expect(second.pageInfo.hasNextPage).toBe(false);
});

test('any number of courses with modules, sections, lessons and blocks costs a fixed number of queries', async () => {
  const client = await courses.as(null);
  const query = `query($first: Int!) {
    courses(first: $first) { edges { node {
      title moduleCount blockCounts { text }
      lessons(first: 2) { edges { node { plainText } } }
      modules { title course { slug } sections { title module { id } lessons { title section { id } blocks { id ... on TextBlock { html } } } } }
    } } }
  }`;
  const reads = async () => {
    const text = await courses.resources.metrics.registry.getSingleMetricAsString('lyceum_database_reads_total');
    return [...text.matchAll(/^lyceum_database_reads_total\{.*\} (\d+)/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
  };
  const cost = async (first: number) => {
    const before = await reads();
    await client.query(query, { first });
    return (await reads()) - before;
  };
  /** Blocks come in two waves, which are one if the first is late. */
  const mostOf = async (first: number) => {
    const costs: number[] = [];
    for (let time = 0; time < 5; time += 1) costs.push(await cost(first));
    return Math.max(...costs);
  };
  const withTwo = await mostOf(6);
  const withAll = await mostOf(7);
  expect(withAll).toBe(withTwo);
  // A page of courses, their modules, sections, lessons, pages of lessons, and blocks in two waves; each on two shards.
  expect(withAll).toBeLessThanOrEqual(14);
});
