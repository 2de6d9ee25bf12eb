/**
 * What a learner's home page asks of the databases, counted on the wire of every server: at most one round trip per
 * shard and loader. Loaders are made for each fetch of the gateway, so that is what they are counted by.
 */
import { bucketOf } from '@lyceum/database';
import { claimsHeader, eventually, graphClient } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  CatalogueDocument,
  CompleteLessonDocument,
  DashboardDocument,
  type DashboardQuery,
  GenerateQuizDocument,
} from '../__generated__/operations.ts';
import { enroll, type Person, signUp } from '../support/person.ts';
import { type Asked, openWatchedWorld, TRIES, type WatchedWorld } from './watched-world.ts';

const SUBGRAPHS = ['users', 'courses', 'progress', 'ai'] as const;
type Subgraph = (typeof SUBGRAPHS)[number];

let world: WatchedWorld;
let learner: Person;
let page: DashboardQuery;

beforeAll(async () => {
  world = await openWatchedWorld();
  const { gatewayUrl } = world.stack;
  learner = await signUp(gatewayUrl, 'Farida');
  const { courses } = await graphClient(gatewayUrl).query(CatalogueDocument, { first: 3 });
  for (const { node } of courses.edges) await enroll(learner, node.id);
  const lessonIds = lessonIdsOf(await learner.query(DashboardDocument));
  for (const lessonId of lessonIds) await learner.query(CompleteLessonDocument, { lessonId });
  for (const lessonId of lessonIds.slice(0, 3)) await learner.query(GenerateQuizDocument, { input: { lessonId } });
  // Everything that follows from it has happened.
  await eventually(async () => {
    page = await learner.query(DashboardDocument);
    const done = page.aiJobs.edges.filter(({ node }) => node.state === 'SUCCEEDED').length;
    return done === 3 && page.viewer?.unreadNotificationCount === 3;
  });
});
afterAll(() => world?.[Symbol.asyncDispose]());

function coursesOf({ viewer }: DashboardQuery) {
  return viewer?.enrollments.edges.flatMap(({ node }) => node.course ?? []) ?? [];
}

function lessonIdsOf(dashboard: DashboardQuery): string[] {
  return coursesOf(dashboard).flatMap(({ lessons }) => lessons.edges.map(({ node }) => node.id));
}

/** How often each statement went to one shard of its domain. */
function repeats(asked: readonly Asked[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { domain, shard, text } of asked) {
    const key = `${domain} ${shard} ${text.replaceAll(/\s+/g, ' ').trim()}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** By name with labels: how often each loader of a subgraph was asked, and how many operations it executed. */
async function countsOf(subgraph: Subgraph): Promise<Map<string, number>> {
  const text = await (await fetch(`${world.stack.services[subgraph].url}/metrics`)).text();
  const lines = text
    .split('\n')
    .filter((line) => /^lyceum_(loader_batch_size|graphql_operation_.*)_count\{/.test(line));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

test('a dashboard asks a shard once for each fetch and loader, and of a learner only the shard where the learner is', async () => {
  const before = await Promise.all(SUBGRAPHS.map(countsOf));
  const asked = await world.asked(() => learner.query(DashboardDocument));
  const after = await Promise.all(SUBGRAPHS.map(countsOf));

  const seen = repeats(asked);
  for (const [index, subgraph] of SUBGRAPHS.entries()) {
    const more = [...after[index]!].map(([name, count]) => [name, count - (before[index]!.get(name) ?? 0)] as const);
    const sum = (part: string) => more.filter(([name]) => name.includes(part)).map(([, count]) => count);
    const fetches = sum('graphql_operation').reduce((all, count) => all + count, 0);
    expect(Math.max(...sum('loader'))).toBeLessThanOrEqual(fetches);
    for (const [statement, count] of seen) {
      if (statement.startsWith(subgraph)) expect(count, statement).toBeLessThanOrEqual(fetches / TRIES);
    }
  }
  const own = bucketOf(learner.id) < 2_048 ? 's1' : 's2';
  const places = asked.filter(({ domain }) => domain !== 'courses').map(({ shard }) => shard);
  expect(new Set(places)).toEqual(new Set([own]));
});

/** Fetches as the gateway sends them, with all that the page asks of the subgraph. */
const fetches: {
  of: string;
  subgraph: Subgraph;
  query: string;
  representations: () => object[];
  statements: number;
}[] = [
  {
    of: 'the person',
    subgraph: 'users',
    query: '{ viewer { id displayName unreadNotificationCount preferences { timeZone } } }',
    representations: () => [],
    statements: 3,
  },
  {
    of: 'what the person did',
    subgraph: 'progress',
    query: `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User {
      streak { currentDays }
      enrollments(first: 10) { edges { node { id status progress { percentage } course { id } } } }
      activity(first: 10) { edges { node { kind occurredAt course { id } lesson { id } } } } } } }`,
    representations: () => [{ __typename: 'User', id: learner.id }],
    statements: 3,
  },
  {
    of: 'progress in lessons and courses',
    subgraph: 'progress',
    query: `query ($representations: [_Any!]!) { _entities(representations: $representations) {
      ... on Lesson { viewerProgress { state } } ... on Course { viewerProgress { percentage } } } }`,
    representations: () => [...lessonReferences(), ...courseReferences()],
    statements: 2,
  },
  {
    of: 'courses with their lessons, on two shards',
    subgraph: 'courses',
    query: `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Course {
      title lessons(first: 3) { edges { node { id title } } } } } }`,
    representations: () => courseReferences(),
    statements: 4,
  },
  {
    of: 'lessons, on two shards',
    subgraph: 'courses',
    query: `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Lesson { title } } }`,
    representations: () => lessonReferences(),
    statements: 4,
  },
  {
    of: 'jobs',
    subgraph: 'ai',
    query: `query ($representations: [_Any!]!) {
      aiJobs(first: 5) { edges { node { id state lesson { id } } } }
      _entities(representations: $representations) { ... on Lesson { viewerAiJobs { id state } } } }`,
    representations: () => lessonReferences(),
    statements: 2,
  },
];

const lessonReferences = () => lessonIdsOf(page).map((id) => ({ __typename: 'Lesson', id }));
const courseReferences = () => coursesOf(page).map(({ id }) => ({ __typename: 'Course', id }));

test.for(fetches)('a fetch of $of is one statement per shard and loader', async (fetch, { expect }) => {
  const { url } = world.stack.services[fetch.subgraph];
  const client = graphClient(`${url}/graphql`, { headers: await claimsHeader(world.tenant.env, { id: learner.id }) });
  const asked = await world.asked(() => client.query(fetch.query, { representations: fetch.representations() }));

  const seen = repeats(asked);
  expect([...seen.values()], [...seen.keys()].join('\n')).toEqual(Array(fetch.statements).fill(1));
});
