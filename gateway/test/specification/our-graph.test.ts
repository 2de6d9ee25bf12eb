/**
 * The graph of this repository: operations that its pages, stories and guides ask are answered as one schema would, over
 * many worlds, with faults and without.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GraphQLSchema, Kind, lexicographicSortSchema, parse, print, printSchema } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildSupergraph } from '../../src/federation/supergraph/build-supergraph.ts';
import { describe as tell } from '../differential/differential.ts';
import { createRig, type Rig } from '../differential/rig.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** The subgraphs' contracts; the rig links them to Federation itself. */
const family = {
  name: 'lyceum',
  subgraphs: Object.fromEntries(
    ['users', 'courses', 'progress', 'ai'].map((name) => [
      name,
      withoutLinks(read(`subgraphs/${name}/schema.graphql`)),
    ]),
  ),
};

function withoutLinks(sdl: string): string {
  const document = parse(sdl);
  const definitions = document.definitions.filter(({ kind }) => kind !== Kind.SCHEMA_EXTENSION);
  return print({ ...document, definitions });
}

const VARIABLES: Readonly<Record<string, unknown>> = {
  id: 'Course-1',
  slug: 'algebra',
  first: 3,
  search: 'x',
  name: 'Ada',
  window: 'WEEKLY',
  courseId: 'Course-1',
  lessonId: 'Lesson-2',
  input: {
    SignUpInput: { email: 'ada@example.org', password: 'secret', displayName: 'Ada' },
    SignInInput: { email: 'ada@example.org', password: 'secret' },
    GenerateQuizInput: { lessonId: 'Lesson-1' },
    AnswerProblemInput: { problemId: 'ProblemBlock-1', choiceIds: ['a', 'b'] },
  },
};

interface Asked {
  readonly name: string;
  readonly source: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Each query and mutation of a file of operations. */
function operationsIn(file: string): Asked[] {
  return parse(read(file)).definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION || definition.operation === 'subscription') return [];
    const declared = definition.variableDefinitions ?? [];
    const variables = declared.map(({ variable, type }) => {
      const given = VARIABLES[variable.name.value];
      return [variable.name.value, isByType(given) ? given[print(type).replace('!', '')] : given];
    });
    return [
      { name: String(definition.name?.value), source: print(definition), variables: Object.fromEntries(variables) },
    ];
  });
}

function isByType(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object';
}

const own: readonly Asked[] = [
  {
    name: 'a page of the catalogue, with what the viewer has done of each course',
    source: `query ($first: Int!, $mine: Boolean!) {
      viewer { id displayName @include(if: $mine) }
      courses(first: $first, filter: { level: BEGINNER, tags: ["x"] }, sort: TITLE) {
        edges { cursor node { ...Card viewerEnrollment @include(if: $mine) { status progress { percentage } course { slug } } } }
        pageInfo { hasNextPage endCursor }
      }
    }
    fragment Card on Course { id title level instructors { id displayName taughtCourses(first: 2) { edges { node { title } } } } }`,
    variables: { first: 2, mine: true },
  },
  {
    name: 'a lesson with its blocks, the viewer’s attempts and jobs',
    source: `{ lesson(id: "Lesson-1") {
      title viewerProgress { state lesson { id title } } viewerAiJobs { id state result { __typename ... on SummaryResult { text } ... on QuizResult { questions { prompt } } } lesson { viewerProgress { state } } }
      blocks { __typename id title ... on TextBlock { html } ... on VideoBlock { url youtubeId } ... on ProblemBlock { kind viewerAttempts { correct problem { prompt lesson { id } } } viewerSolution { explanation } } }
      section { title module { title course { title viewerProgress { percentage } } } }
    } }`,
    variables: {},
  },
  {
    name: 'a learner under several aliases, deep',
    source: `{ me: viewer { ...Who } teacher: user(id: "User-2") { ...Who streak { currentDays lastActiveOn } } nobody: user(id: "User-9") { id email }
      instructors(first: 2) { edges { node { ...Who taughtCourses { edges { node { instructors { displayName streak { longestDays } } } } } } } } }
      fragment Who on User { id name: displayName roles preferences { theme } enrollments(first: 2, status: ACTIVE) { edges { node { id course { title lessonCount } learner { displayName } } } } }`,
    variables: {},
  },
  {
    name: 'several mutations of several subgraphs, in order',
    source: `mutation {
      updateProfile(input: { bio: null }) { id displayName streak { currentDays } }
      enroll(courseId: "Course-1") { ... on Enrollment { id course { title } learner { displayName } } ... on CourseNotAvailable { message } }
      startLesson(lessonId: "Lesson-1") { state lesson { title viewerAiJobs { state } } }
      summarizeLesson(input: { lessonId: "Lesson-1" }) { __typename ... on AiJob { id lesson { title } learner { displayName email } } ... on BudgetExceeded { message renewsAt } }
      publishCourse(courseId: "Course-2") { status viewerEnrollment { status } }
      completeLesson(lessonId: "Lesson-1") { percentage revision }
    }`,
    variables: {},
  },
  {
    name: 'data and introspection in one',
    source:
      '{ __typename viewer { __typename id } __type(name: "AiResult") { kind possibleTypes { name } } aiJobs(first: 1) { edges { node { kind } } } }',
    variables: {},
  },
];

const operations = [
  ...['tools/start/board-query.graphql', 'e2e/accounts.graphql', 'e2e/ai.graphql', 'e2e/learning.graphql'].flatMap(
    operationsIn,
  ),
  ...own,
];

describe('the graph of this repository', () => {
  let rig: Rig;
  beforeAll(() => {
    rig = createRig(family);
  });

  test('what is tested is the graph that is served', () => {
    const { schema } = buildSupergraph(read('supergraph.graphql'));
    const served = new GraphQLSchema({ ...schema.toConfig(), directives: [] });
    const tested = new GraphQLSchema({ ...rig.graph.apiSchema().toConfig(), directives: [] });
    expect(printSchema(lexicographicSortSchema(tested))).toBe(printSchema(lexicographicSortSchema(served)));
  });

  test.each(operations)('$name is answered as one schema answers it', async (operation) => {
    expect(rig.isValid(operation.source)).toBe(true);
    let answered = 0;
    let failed = 0;
    for (let seed = 0; seed < 24; seed += 1) {
      const faultRate = [0, 0.02, 0.1][seed % 3]!;
      const outcome = await rig.run(operation, seed, faultRate);
      if (outcome.difference) expect.fail(tell({ family: family.name, seed, faultRate, operation, outcome }));
      if (outcome.actual.data) answered += 1;
      if (outcome.actual.errors) failed += 1;
    }
    expect(answered).toBeGreaterThan(0);
    expect(failed).toBeLessThan(24);
  });
});
