/**
 * A live topic of its own for each test: who publishes, who reads, who listens.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AiJobUpdated, type EventEnvelope } from '@lyceum/contracts';
import { type LocalRedis, startRedis } from '@lyceum/local-stack';
import {
  closeRedis,
  connectRedis,
  createLogger,
  createRedisKeys,
  publishEnvelope,
  type Redis,
  type RedisRole,
} from '@lyceum/service-kit';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { openLiveTopics, type TopicOptions } from '../src/index.ts';

const log = createLogger('test', { level: 'silent' });

/** A Redis for the tests of one file, and topics in it. Call it before the first test. */
export function useRedis() {
  let directory: string;
  let server: LocalRedis;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lyceum-topics-'));
    server = await startRedis({ directory });
  });
  afterAll(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    openTopics: () => openTopics(server),
    stop: () => server.stop(),
    start: () => server.start(),
  };
}

async function openTopics(server: LocalRedis) {
  const keys = createRedisKeys(`test-${randomUUID().slice(0, 8)}`);
  const connect = async (role: RedisRole): Promise<Redis> => {
    const redis = await connectRedis(server.url, role, { log });
    onTestFinished(() => closeRedis(redis));
    return redis;
  };
  const [subscriber, reader, writer] = [
    await connect('subscriber'),
    await connect('cache'),
    await connect('publisher'),
  ];
  const topics = openLiveTopics({ subscriber, reader, keys, log });
  onTestFinished(() => topics.close());
  const jobId = randomUUID();
  const stream = keys.liveStream(AiJobUpdated.name, jobId);

  const publish = async (percentage: number, { id = randomUUID() as string, silently = false } = {}) => {
    const envelope: EventEnvelope = {
      ...{
        id,
        name: AiJobUpdated.name,
        version: AiJobUpdated.version,
        key: jobId,
        positions: { 'ai/s1': `0/${percentage}` },
      },
      occurredAt: new Date().toISOString(),
      payload: { jobId, learnerId: jobId, state: 'RUNNING', attempt: 1, percentage, tokenDelta: null },
    };
    if (silently) await writer.xadd(stream, '*', 'e', JSON.stringify(envelope));
    else await publishEnvelope(writer, keys, envelope, AiJobUpdated.delivery);
  };
  const untilOpened = async () => {
    await expect.poll(async () => ((await writer.pubsub('NUMSUB', stream)) as [string, number])[1]).toBe(1);
  };
  const listen = async (options: TopicOptions = {}) => {
    const events: number[] = [];
    const source = topics.subscribe(AiJobUpdated, jobId, options);
    const consume = async () => {
      for await (const { payload } of source) events.push(payload.percentage);
    };
    void consume();
    return { heard: () => events, opened: untilOpened };
  };
  return { topics, publish, listen, untilOpened, jobId, stream, writer, reader };
}
