import { expect, test } from 'vitest';
import { keepLatest } from './latest.ts';

async function* numbers(count: number, failure?: Error) {
  for (let number = 1; number <= count; number += 1) yield number;
  if (failure) throw failure;
}

test('of what came since the last call only the newest is taken, and the end comes behind it', async () => {
  const latest = keepLatest(numbers(5));
  await expect.poll(() => latest.take(0)).toBe(5);
  expect(latest.hasEnded).toBe(true);
  expect(await latest.take(60_000)).toBeUndefined();
});

test('a failure of the source comes behind what it gave', async () => {
  const latest = keepLatest(numbers(1, new Error('lost')));
  await expect.poll(() => latest.take(0)).toBe(1);
  await expect(latest.take(60_000)).rejects.toThrow('lost');
});

test('who waits is woken by what comes, and by nothing after a while', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const source = (async function* () {
    await promise;
    yield 'news';
  })();
  const latest = keepLatest(source);
  expect(await latest.take(1)).toBeUndefined();
  const taken = latest.take(60_000);
  resolve();
  expect(await taken).toBe('news');
});
