/**
 * `npm run smoke`: asks a running stack the board's query and follows one subscription. Exits 0, or says what is wrong.
 *
 * The gateway is `--url <address>`, else the one that the last `npm start` wrote down.
 */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs, parseEnv } from 'node:util';
import { demoAccounts, demoPassword } from '@lyceum/database';
import { type GraphClient, signIn } from './demo/graph-client.ts';
import { repositoryRoot } from './graph/supergraph-config.ts';

const jobTimeoutMs = 30_000;

interface MyDay {
  viewer: {
    displayName: string;
    enrollments: { edges: { node: { progress: { percentage: number }; course: { title: string } } }[] };
  } | null;
  aiJobs: { edges: { node: { state: string; lesson: { title: string } } }[] };
}

/** The lesson of a course in which the demo learner is enrolled: where the model finds text to work on. */
interface FirstLesson {
  viewer: { enrollments: { edges: { node: { course: { lessons: { edges: { node: { id: string } }[] } } } }[] } };
}

function gatewayUrl(): string {
  const { values } = parseArgs({ options: { url: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) {
    console.log('npm run smoke [-- --url http://127.0.0.1:4000/graphql]');
    process.exit(0);
  }
  if (values.url) return values.url;
  const file = path.join(repositoryRoot, '.lyceum/dev/stack.env');
  try {
    const url = parseEnv(readFileSync(file, 'utf8')).GATEWAY_URL;
    if (url) return url;
  } catch {
    // Falls through to the message below.
  }
  throw new Error('No stack is known: run `npm start` first, or name a gateway with `--url`.');
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`${what}: missing from the answer`);
  console.log(`  ok  ${what}`);
}

async function checkQuery(learner: GraphClient): Promise<void> {
  const day = await learner.request<MyDay>(
    readFileSync(path.join(import.meta.dirname, 'start/board-query.graphql'), 'utf8'),
  );
  const enrollment = day.viewer?.enrollments.edges[0]?.node;
  expect(Boolean(day.viewer?.displayName), 'users: the viewer has a name');
  expect(typeof enrollment?.progress.percentage === 'number', 'progress: an enrolment has a percentage');
  expect(Boolean(enrollment?.course?.title), 'courses: its course has a title');
  expect(Boolean(day.aiJobs.edges[0]?.node.state), 'ai: a job has a state');
}

async function checkSubscription(learner: GraphClient): Promise<void> {
  const { viewer } = await learner.request<FirstLesson>(
    '{ viewer { enrollments(first: 1) { edges { node { course { lessons(first: 1) { edges { node { id } } } } } } } } }',
  );
  const lessonId = viewer.enrollments.edges[0]?.node.course?.lessons.edges[0]?.node.id;
  const { summarizeLesson: job } = await learner.request<{ summarizeLesson: { id?: string; message?: string } }>(
    `mutation Summarize($input: SummarizeLessonInput!) {
      summarizeLesson(input: $input) {
        ... on AiJob { id }
        ... on LessonNotUsable { message }
        ... on BudgetExceeded { message }
      }
    }`,
    { input: { lessonId, maxSentences: 2 } },
  );
  if (!job.id) throw new Error(`summarizeLesson: ${job.message}`);
  type Update = { aiJobUpdated: { state: string; tokenDelta: string | null; job: { lesson: { title: string } } } };
  const seen: string[] = [];
  const events = learner.subscribe<Update>(
    'subscription Follow($id: ID!) { aiJobUpdated(id: $id) { state tokenDelta job { lesson { title } } } }',
    { id: job.id },
    jobTimeoutMs,
  );
  for await (const { aiJobUpdated } of events)
    seen.push(aiJobUpdated.tokenDelta === null ? aiJobUpdated.state : 'token');
  expect(seen[0] === 'QUEUED' && seen.at(-1) === 'SUCCEEDED', 'aiJobUpdated: a job ran from QUEUED to SUCCEEDED');
  expect(seen.includes('token'), 'aiJobUpdated: its tokens arrived on the way');
}

try {
  const url = gatewayUrl();
  console.log(`Smoke test of ${url}`);
  const learner = await signIn(url, demoAccounts.learner.email, demoPassword);
  console.log('  ok  users: the demo learner signs in');
  await checkQuery(learner);
  await checkSubscription(learner);
} catch (error) {
  console.error(`  FAIL  ${(error as Error).message}`);
  process.exitCode = 1;
}
