import { CoursePublished } from '@lyceum/contracts';
import { sql } from '@lyceum/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CoursesUnderTest, openCourses, person } from './support.ts';

let courses: CoursesUnderTest;
const teacher = person('INSTRUCTOR');
beforeAll(async () => {
  courses = await openCourses();
});
afterAll(() => courses[Symbol.asyncDispose]());

const FIELDS = 'id slug title summary description language level tags status revision publishedAt instructors { id }';
const CREATE = `mutation($input: CreateCourseInput!) {
  createCourse(input: $input) { __typename ... on Course { ${FIELDS} } ... on SlugTaken { message } }
}`;
const UPDATE = `mutation($input: UpdateCourseInput!) { updateCourse(input: $input) { ${FIELDS} } }`;
const change = (mutation: string) => `mutation($id: ID!) { ${mutation}(courseId: $id) { ${FIELDS} } }`;

type Course = Record<string, unknown> & {
  __typename: string;
  id: string;
  revision: number;
  publishedAt: string | null;
};

async function create(input: object, author = teacher) {
  const client = await courses.as(author);
  return (await client.query<{ createCourse: Course }>(CREATE, { input })).createCourse;
}
let slugs = 0;
const freeSlug = () => {
  slugs += 1;
  return `free-slug-${slugs}`;
};

async function events(courseId: string) {
  const rows = await sql(
    courses.tenant.databaseUrl('courses', courses.resources.database.shardOf(courseId)),
    'SELECT payload FROM outbox_message WHERE key = $1 ORDER BY seq',
    [courseId],
  );
  return rows.map((row) => CoursePublished.payload.parse(row.payload));
}

describe('making a course', () => {
  test('gives a draft that its maker teaches and reads at once', async () => {
    const slug = freeSlug();
    const course = await create({
      title: ' A title ',
      slug,
      tags: ['B', 'b', 'C'],
      description: '<p onclick="x()">d</p>',
    });
    expect(course).toMatchObject({
      ...{ __typename: 'Course', slug, title: 'A title', tags: ['b', 'c'], description: '<p>d</p>', language: 'en' },
      ...{ level: 'BEGINNER', status: 'DRAFT', revision: 1, publishedAt: null, instructors: [{ id: teacher.id }] },
    });
    const client = await courses.as(teacher);
    expect(await client.query('query($s: String!) { courseBySlug(slug: $s) { id } }', { s: slug })).toEqual({
      courseBySlug: { id: course.id },
    });
    expect(await events(course.id)).toEqual([]);
  });

  test('a slug names one course, on whatever shard, however many ask at once', async () => {
    const slug = freeSlug();
    const answers = await Promise.all(Array.from({ length: 6 }, () => create({ title: 'T', slug })));
    const names = answers.map(({ __typename }) => __typename).sort();
    expect(names).toEqual(['Course', ...Array(5).fill('SlugTaken')]);
    expect(await create({ title: 'T', slug })).toMatchObject({ __typename: 'SlugTaken' });
  });

  test('is for instructors', async () => {
    for (const [viewer, code] of [
      [null, 'UNAUTHENTICATED'],
      [person(), 'FORBIDDEN'],
    ] as const) {
      const client = await courses.as(viewer);
      const { errors } = await client.request(CREATE, { input: { title: 'T', slug: freeSlug() } });
      expect(errors[0]?.extensions?.code).toBe(code);
    }
  });

  test.each([
    ['title', { title: '   ' }],
    ['title', { title: 'x'.repeat(201) }],
    ['slug', { slug: 'No Slug' }],
    ['slug', { slug: 'ab' }],
    ['slug', { slug: '-abc-' }],
    ['summary', { summary: 'x'.repeat(501) }],
    ['language', { language: 'not a language' }],
    ['tags.1', { tags: ['fine', ' '] }],
    ['tags', { tags: Array.from({ length: 21 }, (_, n) => `t${n}`) }],
  ])('a bad %s is refused by name', async (field, input) => {
    const client = await courses.as(teacher);
    const { errors } = await client.request(CREATE, { input: { title: 'T', slug: freeSlug(), ...input } });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', details: { argument: field } });
  });
});

describe('changing a course', () => {
  test('changes what is given, keeps the rest, and raises the revision once', async () => {
    const { id } = await create({ title: 'Old', slug: freeSlug(), summary: 'Kept' });
    const client = await courses.as(teacher);
    const input = { courseId: id, title: 'New', tags: ['x'] };
    const { updateCourse } = await client.query<{ updateCourse: Course }>(UPDATE, { input });
    expect(updateCourse).toMatchObject({ title: 'New', summary: 'Kept', tags: ['x'], revision: 2 });
    const again = await client.query<{ updateCourse: Course }>(UPDATE, { input });
    expect(again.updateCourse.revision).toBe(2);
  });

  test('is for its instructors and administrators; others are told what they may know', async () => {
    const { id } = await create({ title: 'T', slug: freeSlug() });
    const attempt = async (viewer: ReturnType<typeof person> | null) => {
      const client = await courses.as(viewer);
      const { errors } = await client.request(UPDATE, { input: { courseId: id, title: 'Taken over' } });
      return errors[0]?.extensions?.code ?? 'changed';
    };
    expect(await attempt(null)).toBe('UNAUTHENTICATED');
    expect(await attempt(person('INSTRUCTOR'))).toBe('COURSE_NOT_FOUND');
    await (await courses.as(teacher)).query(change('publishCourse'), { id });
    expect(await attempt(person('INSTRUCTOR'))).toBe('FORBIDDEN');
    expect(await attempt(person('ADMIN'))).toBe('changed');
  });

  test('of nothing is answered with COURSE_NOT_FOUND', async () => {
    const client = await courses.as(teacher);
    for (const courseId of ['x', person().id]) {
      const { errors } = await client.request(UPDATE, { input: { courseId, title: 'T' } });
      expect(errors[0]?.extensions?.code).toBe('COURSE_NOT_FOUND');
    }
  });
});

test('publishing, changing and withdrawing each tell the others once, with a growing revision', async () => {
  const { id } = await create({ title: 'T', slug: freeSlug() });
  const client = await courses.as(teacher);
  const run = async (mutation: string) =>
    (await client.query<Record<string, Course>>(change(mutation), { id }))[mutation];
  const published = await run('publishCourse');
  await run('publishCourse');
  await client.query(UPDATE, { input: { courseId: id, title: 'Better' } });
  await run('withdrawCourse');
  await run('withdrawCourse');
  await client.query(UPDATE, { input: { courseId: id, title: 'Best' } });
  const again = await run('publishCourse');
  expect(again?.publishedAt).toBe(published?.publishedAt);
  expect((await events(id)).map(({ revision, available, title }) => [revision, available, title])).toEqual([
    [2, true, 'T'],
    [3, true, 'Better'],
    [4, false, 'Better'],
    [6, true, 'Best'],
  ]);
});

test('changes at the same time all count', async () => {
  const { id } = await create({ title: 'T', slug: freeSlug() });
  const client = await courses.as(teacher);
  const titles = Array.from({ length: 8 }, (_, n) => `Title ${n}`);
  await Promise.all(titles.map((title) => client.query(UPDATE, { input: { courseId: id, title } })));
  const { course } = await client.query<{ course: Course }>('query($id: ID!) { course(id: $id) { revision } }', { id });
  expect(course.revision).toBe(9);
});
