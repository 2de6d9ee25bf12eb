/**
 * What the tests of workers stand on: a tenant of the ai domain, jobs accepted as the ai subgraph accepts them, and eyes
 * on rows, budgets and streams.
 */
import { fileURLToPath } from 'node:url';
import { type AiJobInput, AiJobUpdated, type EventEnvelope, type PayloadOf, RunAiJob } from '@lyceum/contracts';
import { type ai, type Database, newId, newIdBeside, openDatabase, ShardsPolicy } from '@lyceum/database';
import { estimateReservation } from '@lyceum/models';
import {
  closeRedis,
  connectRedis,
  createLogger,
  createRedisKeys,
  openPolicy,
  type Redis,
  type RedisKeys,
} from '@lyceum/service-kit';
import { eventually, openTenant, type Tenant } from '@lyceum/testing';

export type JobEvent = EventEnvelope<PayloadOf<typeof AiJobUpdated>>;

export const LESSON = `Bees are insects that live in colonies and feed on nectar. A honey bee colony holds one queen, some hundred drones and up to fifty thousand workers. Worker bees collect nectar from flowers and turn it into honey inside the hive. Karl von Frisch showed in 1923 that bees tell one another about food by a waggle dance. The waggle dance encodes the direction of the food relative to the Sun. Its length encodes the distance to the flowers. In winter the workers form a winter cluster around the queen and shiver to keep warm. Drones leave the hive only to mate and die in autumn. Bumble bees nest in the ground, often in the old burrow of a mouse. Solitary bees such as the mason bee build no colony at all. Honey keeps for years because its low water content stops bacteria. Beekeepers harvest honey in late summer and leave enough stores for the winter. In 1851 Lorenzo Langstroth invented the movable frame hive, which made modern beekeeping possible.`;

export interface Bench extends AsyncDisposable {
  readonly tenant: Tenant;
  readonly database: Database<'ai'>;
  readonly redis: Redis;
  readonly keys: RedisKeys;
  /** What a worker of this tenant needs besides a model's address, with short times. */
  readonly env: Record<string, string>;
  /** Commits a job with its reservation, its QUEUED event and its place in the queue. */
  accept(input?: Partial<AiJobInput>, options?: { enqueue?: boolean; createdAt?: Date }): Promise<ai.AiJob>;
  row(jobId: string): Promise<ai.AiJob>;
  budget(learnerId: string): Promise<{ reserved: number; spent: number }>;
  /** Everything in the job's live stream. */
  events(jobId: string): Promise<JobEvent[]>;
  untilState(jobId: string, state: ai.AiJob['state'], timeoutMs?: number): Promise<ai.AiJob>;
}

export async function openBench(): Promise<Bench> {
  const tenant = await openTenant(['ai']);
  const log = createLogger('bench', { level: 'silent' });
  const keys = createRedisKeys(tenant.id);
  const redis = await connectRedis(tenant.env.REDIS_URL!, 'publisher', { log });
  const shardsFile = fileURLToPath(new URL('../../config/shards.yaml', import.meta.url));
  const shards = await openPolicy(shardsFile, ShardsPolicy, { log, watch: false });
  const database = await openDatabase('ai', { env: tenant.env, shards, redis: null, keys, log });
  const session = () => database.session(null);

  const row = async (jobId: string) =>
    (await session().read(jobId, 'primary')).aiJob.findUniqueOrThrow({ where: { id: jobId } });

  return {
    tenant,
    database,
    redis,
    keys,
    env: {
      ...tenant.env,
      RELAY_DOMAINS: 'ai',
      WORKER_LOCK_MS: '10000',
      WORKER_STALLED_MS: '500',
      WORKER_RETRY_MS: '50',
    },
    row,
    async accept(partial = {}, { enqueue = true, createdAt = new Date() } = {}) {
      const learnerId = newId(createdAt.getTime() % 4_096);
      const base = { kind: 'QUIZ', lessonId: newId(0), lessonTitle: 'Bees', lessonText: LESSON, questionCount: 4 };
      const input = { ...base, ...partial } as AiJobInput;
      const { kind, lessonId } = input;
      const id = newIdBeside(learnerId);
      const reservedTokens = estimateReservation(input);
      const day = new Date(createdAt.toISOString().slice(0, 10));
      return session().transaction(learnerId, async (tx) => {
        await tx.aiBudget.create({ data: { learnerId, day, reserved: reservedTokens } });
        const data = { id, learnerId, kind, lessonId, input, reservedTokens, createdAt, updatedAt: createdAt };
        const job = await tx.aiJob.create({ data });
        const event = { jobId: id, learnerId, state: 'QUEUED', attempt: 0, percentage: 0, tokenDelta: null } as const;
        await tx.outbox.add(AiJobUpdated, event);
        if (enqueue) await tx.outbox.enqueue(RunAiJob, { jobId: id });
        return job;
      });
    },
    async budget(learnerId) {
      const client = await session().read(learnerId, 'primary');
      return client.aiBudget.findFirstOrThrow({ where: { learnerId }, select: { reserved: true, spent: true } });
    },
    async events(jobId) {
      const entries = await redis.xrange(keys.liveStream(AiJobUpdated.name, jobId), '-', '+');
      return entries.map(([, fields]) => JSON.parse(fields[1]!) as JobEvent);
    },
    untilState: (jobId, state, timeoutMs = 20_000) =>
      eventually(
        async () => {
          const job = await row(jobId);
          if (job.state !== state) throw new Error(`The job is ${job.state} (${job.failureCode}), not ${state}`);
          return job;
        },
        { timeoutMs },
      ),
    async [Symbol.asyncDispose]() {
      await database.close();
      await closeRedis(redis);
      await tenant.close();
    },
  };
}
