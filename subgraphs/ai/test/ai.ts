/**
 * The ai subgraph in process, on databases and Redis keys of its own, with a gateway that knows the lessons of the test.
 */
import { randomUUID } from 'node:crypto';
import { AiJobUpdated, CLAIMS_HEADER, type PayloadOf } from '@lyceum/contracts';
import { newId } from '@lyceum/database';
import { type Clock, createLifecycle, createLogger, publishEnvelope, signClaims } from '@lyceum/service-kit';
import { type GraphClient, graphClient, openTenant, sql, stackCoordinates, type Tenant } from '@lyceum/testing';
import { readConfig } from '../src/config.ts';
import { openResources, type Resources } from '../src/resources.ts';
import { createServer } from '../src/server.ts';
import { type Lesson, type LessonGateway, openLessonGateway } from './gateway.ts';

export interface Learner extends GraphClient {
  readonly id: string;
}

export interface Ai extends AsyncDisposable {
  readonly url: string;
  readonly tenant: Tenant;
  readonly resources: Resources;
  readonly gateway: LessonGateway;
  learner(shard?: 's1' | 's2', id?: string): Promise<Learner>;
  anonymous(): Promise<GraphClient>;
  /** A lesson that every viewer may see. */
  lesson(plainText?: string): Lesson;
  /** A statement on the primary of shard s1, where learners live unless a test says otherwise. */
  sql<Row extends Record<string, unknown>>(statement: string, values?: unknown[]): Promise<Row[]>;
  /** Puts an event into a job's stream, as the relay or the worker does. Positions are those of now. */
  publish(payload: PayloadOf<typeof AiJobUpdated>): Promise<void>;
}

export const generateQuiz = `mutation ($input: GenerateQuizInput!) {
  outcome: generateQuiz(input: $input) {
    __typename
    ... on AiJob { id kind state percentage attempt learner { id } lesson { id } result { __typename } }
    ... on LessonNotUsable { message }
    ... on BudgetExceeded { message renewsAt }
  }
}`;

export interface JobOutcome {
  readonly outcome: { readonly __typename: string; readonly id: string; readonly state: string };
}

export async function openAi({ clock }: { clock?: Clock } = {}): Promise<Ai> {
  const tenant = await openTenant(['ai']);
  const gateway = await openLessonGateway(stackCoordinates().claimsSecret);
  const log = createLogger('ai', { level: 'silent' });
  const life = createLifecycle({ log });
  const { env, source } = readConfig({ ...tenant.env, GATEWAY_URL: gateway.url });
  const resources = await openResources({ env, source, log, life, clock });
  const { url } = await createServer(resources, life).listen(0, env.HOST);

  const clientOf = async (id: string | null) => {
    const viewer = id === null ? null : { id, sessionId: randomUUID(), roles: ['LEARNER' as const] };
    const claims = await signClaims({ requestId: randomUUID(), viewer }, env.CLAIMS_SECRET, 'subgraph');
    return graphClient(`${url}/graphql`, { headers: { [CLAIMS_HEADER]: claims }, connectionParams: { claims } });
  };
  const primary = tenant.databaseUrl('ai', 's1');
  return {
    url,
    tenant,
    resources,
    gateway,
    learner: async (shard = 's1', id = newId(shard === 's1' ? 11 : 4_000)) => ({ id, ...(await clientOf(id)) }),
    anonymous: () => clientOf(null),
    lesson(plainText = 'The moon pulls the sea. The sea rises twice a day.') {
      const lesson = { id: newId(7), title: 'Tides', plainText };
      gateway.lessons.set(lesson.id, lesson);
      return lesson;
    },
    sql: (statement, values) => sql(primary, statement, values),
    async publish(payload) {
      const [row] = await sql<{ lsn: string }>(primary, 'SELECT pg_current_wal_insert_lsn()::text AS lsn');
      const { name, version } = AiJobUpdated;
      const occurredAt = new Date().toISOString();
      const positions = { 'ai/s1': row!.lsn };
      const envelope = { id: newId(0), name, version, key: payload.jobId, occurredAt, positions, payload };
      await publishEnvelope(resources.cache, resources.keys, envelope, 'live');
    },
    async [Symbol.asyncDispose]() {
      await life.close();
      await gateway[Symbol.asyncDispose]();
      await tenant.close();
    },
  };
}
