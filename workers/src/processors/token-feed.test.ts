import type { EventEnvelope } from '@lyceum/contracts';
import { createLogger } from '@lyceum/service-kit';
import { expect, test } from 'vitest';
import { TokenFeed } from './token-feed.ts';

const jobId = '0193a000-0000-7000-8000-000000000001';
const fence = { jobId, learnerId: jobId, attempt: 2 };

function feedInto(publish: (envelope: EventEnvelope) => Promise<unknown>): TokenFeed {
  const log = createLogger('test', { level: 'silent' });
  return new TokenFeed({ fence, publish, newEventId: () => jobId, now: () => new Date(0), log });
}

test('text arrives whole and in order, and a batch waits for the one before it', async () => {
  const received: string[] = [];
  const started = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const feed = feedInto(async ({ payload }) => {
    started.resolve();
    await release.promise;
    received.push((payload as { tokenDelta: string }).tokenDelta);
  });
  feed.push('one ', 1);
  feed.push('two ', 2);
  await started.promise;
  feed.push('three', 3);
  const ended = feed.end();
  expect(received).toEqual([]);
  release.resolve();
  await ended;
  expect(received).toEqual(['one two ', 'three']);
});

test('an event says which attempt the text belongs to', async () => {
  const received: EventEnvelope[] = [];
  const feed = feedInto(async (envelope) => received.push(envelope));
  feed.push('text', 12.5);
  await feed.end();
  expect(received).toMatchObject([
    {
      name: 'ai.job.updated',
      key: jobId,
      payload: { attempt: 2, state: 'RUNNING', percentage: 12.5, tokenDelta: 'text' },
    },
  ]);
});

test('text that cannot be sent is dropped and fails nobody', async () => {
  const feed = feedInto(() => Promise.reject(new Error('Redis is away')));
  feed.push('lost', 1);
  await expect(feed.end()).resolves.toBeUndefined();
});

test('a cancelled feed sends nothing more', async () => {
  const received: EventEnvelope[] = [];
  const feed = feedInto(async (envelope) => received.push(envelope));
  feed.push('never seen', 1);
  await feed.cancel();
  expect(received).toEqual([]);
});
