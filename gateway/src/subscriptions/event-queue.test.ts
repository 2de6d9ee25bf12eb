import { expect, test } from 'vitest';
import { createEventQueue } from './event-queue.ts';

async function read<T>(source: AsyncIterable<T>): Promise<T[]> {
  const events: T[] = [];
  for await (const event of source) events.push(event);
  return events;
}

test('events are read in the order they came, before and after the reader waits', async () => {
  const queue = createEventQueue<number>(10);
  queue.push(1);
  const reading = read(queue);
  await new Promise((done) => setImmediate(done));
  queue.push(2);
  queue.push(3);
  queue.end();
  expect(await reading).toEqual([1, 2, 3]);
});

test('a reader that falls too far behind gets what waited, then an error', async () => {
  const queue = createEventQueue<number>(2);
  expect([1, 2, 3, 4].map((event) => queue.push(event))).toEqual([true, true, false, false]);
  const events: number[] = [];
  const reading = (async () => {
    for await (const event of queue) events.push(event);
  })();
  await expect(reading).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect(events).toEqual([1, 2]);
});

test('the end of the source reaches a reader that waits', async () => {
  const queue = createEventQueue<number>(2);
  const reading = read(queue);
  queue.end(new Error('gone'));
  await expect(reading).rejects.toThrow('gone');
});
