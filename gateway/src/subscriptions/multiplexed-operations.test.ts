/**
 * What is sent when a client does not read as fast as events come, step by step.
 */
import { createMetrics, fixedPolicy } from '@lyceum/service-kit';
import { expect, test } from 'vitest';
import { GatewayPolicy } from '../config.ts';
import { createSubscriptionMetrics } from '../observability/subscription-metrics.ts';
import { LiveMessage } from './live-message.ts';
import type { Subscriber } from './live-operation.ts';
import { type Line, MultiplexedOperations } from './multiplexed-operations.ts';
import { WORDING } from './websocket/protocol.ts';

const MAX_BUFFERED_BYTES = 100;

/** A line whose client takes bytes when the test says so. */
class SlowLine implements Line {
  isOpen = true;
  buffered = 0;
  readonly sent: string[] = [];
  #taken: (() => void)[] = [];

  write(message: string | Buffer): void {
    this.sent.push(String(message));
  }
  whenTaken(go: () => void): void {
    this.#taken.push(go);
  }
  giveUp(): void {
    this.isOpen = false;
  }
  get callbacks(): number {
    return this.#taken.length;
  }
  tell(): void {
    const taken = this.#taken;
    this.#taken = [];
    for (const go of taken) go();
  }
}

async function follow(policy: 'EVERY' | 'LATEST') {
  const line = new SlowLine();
  const limits = { webSocket: { maxBufferedBytes: MAX_BUFFERED_BYTES } };
  const operations = new MultiplexedOperations(line, WORDING, {
    policy: fixedPolicy(GatewayPolicy.parse({ limits })),
    metrics: createSubscriptionMetrics(createMetrics('gateway')),
  });
  let subscriber: Subscriber | undefined;
  await operations.answer(operations.begin('1'), {
    policy,
    open(opened) {
      subscriber = opened;
      return { leave() {} };
    },
  });
  const next = (n: number) => subscriber?.next(new LiveMessage(`{"n":${n}}`, String(n)));
  const opening = (cursor: string) => subscriber?.next(LiveMessage.opening(cursor));
  const heard = () => line.sent.map((text) => JSON.parse(text).payload?.n ?? JSON.parse(text).type);
  return { line, next, opening, heard };
}

test('the newest waits for room, and nothing overtakes it when there is some before it is told', async () => {
  const { line, next, heard } = await follow('LATEST');
  next(1);
  line.buffered = MAX_BUFFERED_BYTES + 1;
  next(2);
  next(3);
  line.buffered = 0;
  next(4);
  expect(heard()).toEqual([1]);
  line.tell();
  expect(heard()).toEqual([1, 4]);
  next(5);
  expect(heard()).toEqual([1, 4, 5]);
});

test('what waits is sent before the cursor behind it', async () => {
  const { line, next, opening, heard } = await follow('LATEST');
  line.buffered = MAX_BUFFERED_BYTES + 1;
  next(1);
  opening('o');
  expect(heard()).toEqual([1, 'next']);
  line.tell();
  expect(heard()).toEqual([1, 'next']);
});

test('a line whose client has hung up while something waited is tried no more', async () => {
  const { line, next, heard } = await follow('LATEST');
  line.buffered = MAX_BUFFERED_BYTES + 1;
  next(1);
  line.isOpen = false;
  line.tell();
  expect(line.callbacks).toBe(0);
  next(2);
  expect(line.callbacks).toBe(0);
  expect(heard()).toEqual([]);
});

test('where every event counts, a line that is full is given up', async () => {
  const { line, next, heard } = await follow('EVERY');
  next(1);
  line.buffered = MAX_BUFFERED_BYTES + 1;
  next(2);
  expect(line.isOpen).toBe(false);
  expect(heard()).toEqual([1]);
});
