import { CoursePublished } from '@lyceum/contracts';
import { bucketOf } from '@lyceum/database';
import { sql } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CoursesUnderTest, courseDocument, openCourses, problemBlock, SECRET, textBlock } from './support.ts';

let courses: CoursesUnderTest;
beforeAll(async () => {
  courses = await openCourses();
});
afterAll(() => courses[Symbol.asyncDispose]());

const CONTENT = `
  query Content($id: ID!) {
    course(id: $id) {
      revision moduleCount sectionCount lessonCount blockCounts { text video problem }
      modules { id sections { id lessons { id title blocks { id title ... on TextBlock { text } } } } }
    }
  }`;

interface Content {
  course: {
    revision: number;
    modules: {
      sections: { lessons: { id: string; title: string; blocks: { id: string; title: string; text?: string }[] }[] }[];
    }[];
  };
}

/** Anonymous readers are served by replicas: they must have heard of the import. */
async function contentOf(id: string) {
  await courses.tenant.replicasCaughtUp();
  const client = await courses.as(null);
  const { course } = await client.query<Content>(CONTENT, { id });
  const lessons = course.modules.flatMap((module) => module.sections.flatMap((section) => section.lessons));
  return { course, lessons, blocks: lessons.flatMap((lesson) => lesson.blocks) };
}

async function events(courseId: string) {
  const shard = courses.resources.database.shardOf(courseId);
  const rows = await sql(
    courses.tenant.databaseUrl('courses', shard),
    'SELECT payload FROM outbox_message WHERE key = $1 ORDER BY seq',
    [courseId],
  );
  return rows.map((row) => CoursePublished.payload.parse(row.payload));
}

test('importing the same export twice changes nothing', async () => {
  const document = courseDocument({ l1: [textBlock('a'), problemBlock('p')], l2: [textBlock('b')] });
  const first = await courses.importer.importCourse(document, { publish: true });
  const before = await contentOf(first.courseId);
  const second = await courses.importer.importCourse(document, { publish: true });
  expect(first.outcome).toBe('created');
  expect(first.changes.blocks).toEqual({ created: 3, updated: 0, moved: 0, removed: 0, unchanged: 0 });
  expect(second).toMatchObject({ outcome: 'unchanged', courseId: first.courseId, slug: first.slug, revision: 1 });
  expect(second.changes.blocks).toEqual({ created: 0, updated: 0, moved: 0, removed: 0, unchanged: 3 });
  expect(await contentOf(first.courseId)).toEqual(before);
  expect(await events(first.courseId)).toHaveLength(1);
});

test('a changed page updates one block and keeps its id', async () => {
  const document = courseDocument({ l1: [textBlock('a'), textBlock('b')] });
  const { courseId } = await courses.importer.importCourse(document, { publish: true });
  const before = await contentOf(courseId);
  const changed = courseDocument(
    { l1: [textBlock('a', '<p>Rewritten.</p>'), textBlock('b')] },
    {
      externalKey: document.externalKey,
      slug: document.slug,
    },
  );
  const result = await courses.importer.importCourse(changed, { publish: true });
  const after = await contentOf(courseId);
  expect(result).toMatchObject({ outcome: 'updated', revision: 2 });
  expect(result.changes.blocks).toMatchObject({ created: 0, updated: 1, removed: 0, unchanged: 1 });
  expect(after.blocks.map(({ id }) => id)).toEqual(before.blocks.map(({ id }) => id));
  expect(after.blocks.map(({ text }) => text)).toEqual(['Rewritten.', 'The text of b.']);
});

test('what moves keeps its id, and what its source no longer has goes away', async () => {
  const document = courseDocument({ l1: [textBlock('a'), textBlock('b')], l2: [textBlock('c')] });
  const about = { externalKey: document.externalKey, slug: document.slug };
  const { courseId } = await courses.importer.importCourse(document, { publish: true });
  const idsByTitle = new Map((await contentOf(courseId)).blocks.map(({ id, title }) => [title, id]));
  const moved = courseDocument({ l3: [textBlock('d')], l2: [textBlock('b'), textBlock('c')] }, about);
  const result = await courses.importer.importCourse(moved, { publish: true });
  const { lessons, blocks, course } = await contentOf(courseId);
  expect(lessons.map(({ title }) => title)).toEqual(['l3', 'l2']);
  expect(blocks.map(({ title }) => title)).toEqual(['d', 'b', 'c']);
  expect(blocks.slice(1).map(({ id }) => id)).toEqual([idsByTitle.get('b'), idsByTitle.get('c')]);
  expect(result.changes.lessons).toMatchObject({ created: 1, removed: 1 });
  expect(result.changes.blocks).toMatchObject({ created: 1, removed: 1, moved: 2 });
  expect(course).toMatchObject({ lessonCount: 2, blockCounts: { text: 3, video: 0, problem: 0 } });
});

test('a document that breaks a rule writes nothing', async () => {
  const document = courseDocument({ l1: [textBlock('same'), textBlock('same')] });
  const attempt = courses.importer.importCourse(document, { publish: true });
  await expect(attempt).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  await courses.tenant.replicasCaughtUp();
  const client = await courses.as(null);
  expect(await client.query('query($s: String!) { courseBySlug(slug: $s) { id } }', { s: document.slug })).toEqual({
    courseBySlug: null,
  });
});

test('an import that fails while it writes leaves nothing, and can be done again', async () => {
  const document = courseDocument({ l1: [textBlock('a')] });
  const broken = courseDocument(
    { l1: [textBlock('a'), { ...problemBlock('p'), title: 'no\u0000text' }] },
    {
      externalKey: document.externalKey,
      slug: document.slug,
    },
  );
  await expect(courses.importer.importCourse(broken, { publish: true })).rejects.toThrow();
  const result = await courses.importer.importCourse(document, { publish: true });
  expect(result).toMatchObject({ outcome: 'created', slug: document.slug });
});

test('two courses that wish for one slug get two', async () => {
  const first = courseDocument({ l: [textBlock('a')] }, { slug: 'wished-for' });
  const second = courseDocument({ l: [textBlock('a')] }, { slug: 'wished-for' });
  const results = [
    await courses.importer.importCourse(first, { publish: true }),
    await courses.importer.importCourse(second, { publish: true }),
  ];
  expect(results.map(({ slug }) => slug)).toEqual(['wished-for', 'wished-for-2']);
});

test('a published course tells the others its outline and how answers are judged', async () => {
  const document = courseDocument({ l1: [textBlock('a'), problemBlock('p')], l2: [] });
  const { courseId } = await courses.importer.importCourse(document, { publish: true });
  const [event] = await events(courseId);
  expect(event).toMatchObject({ courseId, revision: 1, available: true, title: 'A course' });
  expect(event?.lessons.map(({ title }) => title)).toEqual(['l1', 'l2']);
  expect(event?.lessons[0]?.problems).toMatchObject([
    { grading: { kind: 'text', answers: [SECRET] }, explanation: `Because of ${SECRET}.` },
  ]);
});

test('a draft tells nobody until it is published', async () => {
  const document = courseDocument({ l1: [textBlock('a')] });
  const draft = await courses.importer.importCourse(document, { publish: false });
  expect(draft.status).toBe('DRAFT');
  expect(await events(draft.courseId)).toEqual([]);
  const published = await courses.importer.importCourse(document, { publish: true });
  expect(published).toMatchObject({ outcome: 'updated', status: 'PUBLISHED', courseId: draft.courseId });
  expect(await events(draft.courseId)).toHaveLength(1);
});

test('courses lie on shards in the order of their making, with all they own', async () => {
  const results = [];
  for (let course = 0; course < 3; course += 1) {
    results.push(await courses.importer.importCourse(courseDocument({ l: [textBlock('a')] }), { publish: true }));
  }
  const buckets = results.map(({ courseId }) => bucketOf(courseId));
  expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
  const { blocks, lessons } = await contentOf(results[0]?.courseId ?? '');
  expect([...blocks, ...lessons].map(({ id }) => bucketOf(id))).toEqual([buckets[0], buckets[0]]);
});
