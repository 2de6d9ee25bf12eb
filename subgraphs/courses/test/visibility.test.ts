import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type CoursesUnderTest,
  courseDocument,
  openCourses,
  person,
  problemBlock,
  SECRET,
  textBlock,
} from './support.ts';

let courses: CoursesUnderTest;
const teacher = person('INSTRUCTOR');
const admin = person('ADMIN');
const viewers = { nobody: null, learner: person(), 'another instructor': person('INSTRUCTOR') };

interface Parts {
  course: {
    id: string;
    slug: string;
    modules: { id: string; sections: { id: string; lessons: { id: string; blocks: { id: string }[] }[] }[] }[];
  };
}

async function importParts(publish: boolean) {
  const document = courseDocument({ l: [textBlock('a'), problemBlock('p')] });
  const { courseId } = await courses.importer.importCourse(document, { publish, instructorIds: [teacher.id] });
  await courses.tenant.replicasCaughtUp();
  const client = await courses.as(teacher);
  const { course } = await client.query<Parts>(
    'query($id: ID!) { course(id: $id) { id slug modules { id sections { id lessons { id blocks { id } } } } } }',
    { id: courseId },
  );
  const [module] = course.modules;
  const [section] = module?.sections ?? [];
  const [lesson] = section?.lessons ?? [];
  return {
    courseId,
    slug: course.slug,
    moduleId: module?.id ?? '',
    sectionId: section?.id ?? '',
    lessonId: lesson?.id ?? '',
    problemId: lesson?.blocks[1]?.id ?? '',
  };
}

const EVERY_DOOR = `
  query EveryDoor($course: ID!, $slug: String!, $lesson: ID!, $problem: ID!, $entities: [_Any!]!) {
    course(id: $course) { id }
    courseBySlug(slug: $slug) { id }
    lesson(id: $lesson) { id }
    problem(id: $problem) { id }
    _entities(representations: $entities) { __typename }
  }`;

async function everyDoor(viewer: ReturnType<typeof person> | null, parts: Awaited<ReturnType<typeof importParts>>) {
  const entities = [
    { __typename: 'Course', id: parts.courseId },
    { __typename: 'Module', id: parts.moduleId },
    { __typename: 'Section', id: parts.sectionId },
    { __typename: 'Lesson', id: parts.lessonId },
    { __typename: 'ProblemBlock', id: parts.problemId },
  ];
  const { courseId: course, slug, lessonId: lesson, problemId: problem } = parts;
  const client = await courses.as(viewer);
  const data = await client.query<Record<string, unknown> & { _entities: unknown[] }>(EVERY_DOOR, {
    ...{ course, slug, lesson, problem, entities },
  });
  const { _entities, ...rest } = data;
  return [...Object.values(rest), ..._entities];
}

beforeAll(async () => {
  courses = await openCourses();
});
afterAll(() => courses[Symbol.asyncDispose]());

describe('a draft', () => {
  test.each(Object.entries(viewers))('does not exist for %s', async (_, viewer) => {
    const parts = await importParts(false);
    expect(await everyDoor(viewer, parts)).toEqual(Array(9).fill(null));
    const client = await courses.as(viewer);
    for (const mutation of ['publishCourse', 'withdrawCourse']) {
      const { errors } = await client.request(`mutation($id: ID!) { ${mutation}(courseId: $id) { id } }`, {
        id: parts.courseId,
      });
      expect(errors[0]?.extensions?.code).toBe(viewer === null ? 'UNAUTHENTICATED' : 'COURSE_NOT_FOUND');
    }
  });

  test('is there for its instructors and administrators', async () => {
    const parts = await importParts(false);
    for (const viewer of [teacher, admin]) {
      expect((await everyDoor(viewer, parts)).every((part) => part !== null)).toBe(true);
    }
  });
});

test('a published course is there for everybody', async () => {
  const parts = await importParts(true);
  for (const viewer of Object.values(viewers)) {
    expect((await everyDoor(viewer, parts)).every((part) => part !== null)).toBe(true);
  }
});

test('an id of nothing, or no id at all, is answered with nothing', async () => {
  const parts = await importParts(true);
  const wrong = { ...parts, courseId: 'x', slug: 'no-such', moduleId: parts.lessonId, sectionId: parts.courseId };
  const answers = await everyDoor(null, { ...wrong, lessonId: '', problemId: parts.lessonId });
  expect(answers).toEqual(Array(9).fill(null));
});

test('answers of problems never appear in the graph', async () => {
  const { lessonId, problemId } = await importParts(true);
  const query = `query($lesson: ID!, $problem: ID!, $entities: [_Any!]!) {
    lesson(id: $lesson) { plainText blocks { ...all } }
    problem(id: $problem) { ...all lesson { plainText } }
    _entities(representations: $entities) { ...all }
  }
  fragment all on ProblemBlock { id title kind promptHtml prompt choices { id text } hints gradable }`;
  for (const viewer of [null, viewers.learner, teacher, admin]) {
    const client = await courses.as(viewer);
    const entities = [{ __typename: 'ProblemBlock', id: problemId }];
    const data = await client.query<{ problem: { gradable: boolean; kind: string } }>(query, {
      ...{ lesson: lessonId, problem: problemId, entities },
    });
    expect(data.problem).toMatchObject({ gradable: true, kind: 'TEXT', prompt: 'What is it?' });
    expect(JSON.stringify(data)).not.toContain(SECRET);
  }
  const client = await courses.as(admin);
  const fields = await client.query<{ __type: { fields: { name: string }[] } }>(
    '{ __type(name: "ProblemBlock") { fields { name } } }',
  );
  expect(fields.__type.fields.map(({ name }) => name).join()).not.toMatch(
    /answer|grading|correct|explanation|solution/i,
  );
});

test('a request without the signed claims of the gateway is refused', async () => {
  const client = await courses.as(null);
  const { data } = await client.request('{ courses { edges { cursor } } }');
  expect(data).not.toBeNull();
  const { graphClient, claimsHeader } = await import('@lyceum/testing');
  const { createServer } = await import('../src/server.ts');
  const { createLifecycle, createLogger } = await import('@lyceum/service-kit');
  const life = createLifecycle({ log: createLogger('courses-test', { level: 'silent' }) });
  const { url } = await createServer(courses.resources, life).listen(0, '127.0.0.1');
  const forged = await claimsHeader({ CLAIMS_SECRET: 'x'.repeat(40) }, admin);
  for (const headers of [{}, forged]) {
    const answer = await graphClient(`${url}/graphql`, { headers }).request('{ courses { edges { cursor } } }');
    expect(answer).toMatchObject({ data: null, errors: [{ extensions: { code: 'CLAIMS_REQUIRED' } }] });
  }
  await life.close();
});
