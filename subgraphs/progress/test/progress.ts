/**
 * The progress subgraph in process, on databases and Redis keys of its own, and courses for it to know.
 */
import { randomUUID } from 'node:crypto';
import { CLAIMS_HEADER, CoursePublished, type Grading, type PayloadOf } from '@lyceum/contracts';
import { type Domain, newId, type OutboxRow, openOutboxReader, readDatabaseUrls } from '@lyceum/database';
import {
  type Clock,
  createLifecycle,
  createLogger,
  publishEnvelope,
  type Redis,
  type RedisKeys,
  signClaims,
} from '@lyceum/service-kit';
import { type GraphClient, graphClient, openTenant, type Tenant } from '@lyceum/testing';
import { readConfig } from '../src/config.ts';
import { startPointsConsumer } from '../src/leaderboard/points.consumer.ts';
import { startOutlineConsumer } from '../src/outline/outline.consumer.ts';
import { createOutlineRepository } from '../src/outline/outline.repository.ts';
import { openResources } from '../src/resources.ts';
import { createServer } from '../src/server.ts';

export type Outline = PayloadOf<typeof CoursePublished>;

export interface Learner extends GraphClient {
  readonly id: string;
  readonly shard: 's1' | 's2';
}

export interface Progress extends AsyncDisposable {
  readonly url: string;
  readonly tenant: Tenant;
  /** Speaks as the gateway does for a learner with an id on the shard. */
  learner(shard?: 's1' | 's2', id?: string): Promise<Learner>;
  anonymous(): Promise<GraphClient>;
  /** Stores an outline on every shard, as the consumer would. */
  publish(outline: Outline): Promise<void>;
  /** Puts an outline into the log, for a process that consumes it. */
  announce(outline: Outline): Promise<void>;
  /** Sends what the outboxes hold, as the relay would; without it nothing leaves. */
  relay(): Promise<void>;
  readonly redis: Redis;
  readonly keys: RedisKeys;
}

/** `lessons` lessons with ids of the course's bucket; the first ones have a problem each, in the order given. */
export function outlineOf(lessons: number, problems: readonly Grading[] = [], courseId = newId(7)): Outline {
  return {
    courseId,
    revision: 1,
    available: true,
    title: 'Tides',
    lessons: Array.from({ length: lessons }, (_, index) => {
      const grading = problems[index];
      return {
        lessonId: newId(7),
        sectionId: newId(7),
        moduleId: newId(7),
        title: `Lesson ${index + 1}`,
        problems: grading ? [{ problemId: newId(7), grading, explanation: 'Because.' }] : [],
      };
    }),
  };
}

export const choice: Grading = { kind: 'choices', correctChoiceIds: ['a', 'c'] };
export const number: Grading = { kind: 'numeric', value: 42, tolerance: 0.5 };
export const text: Grading = { kind: 'text', answers: ['the moon'], caseSensitive: false };

export interface ProgressOptions {
  readonly clock?: Clock;
  readonly domains?: readonly Domain[];
  /** Whether outlines and points are read from the log; not needed where a test stores outlines itself. */
  readonly consuming?: boolean;
}

export async function openProgress(options: ProgressOptions = {}): Promise<Progress> {
  const { clock, domains = ['progress'], consuming = false } = options;
  const tenant = await openTenant(domains);
  const log = createLogger('progress', { level: 'silent' });
  const life = createLifecycle({ log });
  const { env, source } = readConfig(tenant.env);
  const resources = await openResources({ env, source, log, life, clock });
  if (consuming) {
    startOutlineConsumer(resources, life);
    startPointsConsumer(resources, life);
  }
  const { url } = await createServer(resources, life).listen(0, env.HOST);

  const outlines = createOutlineRepository(resources.database);
  const urls = readDatabaseUrls(tenant.env, 'progress', resources.database.shards);
  const outbox = life.own('outbox', openOutboxReader({ domain: 'progress', urls, log }), (reader) => reader.close());

  const clientOf = async (id: string | null) => {
    const viewer = id === null ? null : { id, sessionId: randomUUID(), roles: ['LEARNER' as const] };
    const claims = await signClaims({ requestId: randomUUID(), viewer }, env.CLAIMS_SECRET, 'subgraph');
    return graphClient(`${url}/graphql`, { headers: { [CLAIMS_HEADER]: claims }, connectionParams: { claims } });
  };
  const announce = async (payload: Outline) => {
    const { name, version } = CoursePublished;
    const occurredAt = new Date().toISOString();
    const envelope = { id: newId(0), name, version, key: payload.courseId, occurredAt, positions: {}, payload };
    await publishEnvelope(resources.cache, resources.keys, envelope, 'log');
  };
  const relay = async () => {
    const send = async (rows: readonly OutboxRow[], positions: Readonly<Record<string, string>>) => {
      for (const { delivery, kind: _, queue: __, ...row } of rows) {
        if (delivery) await publishEnvelope(resources.cache, resources.keys, { ...row, positions }, delivery);
      }
      return { sent: rows.map(({ id }) => id), refused: [] };
    };
    for (const shard of outbox.shards) while ((await outbox.drain(shard, send)).claimed);
  };
  return {
    url,
    tenant,
    announce,
    relay,
    redis: resources.cache,
    keys: resources.keys,
    learner: async (shard = 's1', id = newId(shard === 's1' ? 11 : 4_000)) => ({
      id,
      shard,
      ...(await clientOf(id)),
    }),
    anonymous: () => clientOf(null),
    publish: async (outline) => {
      await outlines.replace(outline, resources.clock.now());
    },
    async [Symbol.asyncDispose]() {
      await life.close();
      await tenant.close();
    },
  };
}
