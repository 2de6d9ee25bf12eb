import { sleep } from '@lyceum/service-kit';
import { expect, test } from 'vitest';
import { filterEvents, stoppable } from './iterators.ts';

const waiting = (freed: () => void) =>
  stoppable(async function* (signal) {
    try {
      yield 1;
      await sleep(600_000, signal);
    } finally {
      freed();
    }
  });

test('an iterator that waits ends at once when it is returned', async () => {
  let freed = false;
  const iterator = waiting(() => {
    freed = true;
  });
  expect(await iterator.next()).toEqual({ done: false, value: 1 });
  const next = iterator.next();
  await iterator.return?.();
  expect(await next).toMatchObject({ done: true });
  expect(freed).toBe(true);
});

test('the outer signal ends it, and its own end aborts what it was given', async () => {
  const outer = new AbortController();
  let given: AbortSignal | undefined;
  const iterator = stoppable<number>(async function* (signal) {
    given = signal;
    yield 1;
    await sleep(600_000, signal);
  }, outer.signal);
  await iterator.next();
  const next = iterator.next();
  outer.abort();
  expect(await next).toMatchObject({ done: true });
  expect(given?.aborted).toBe(true);
});

test('a filtered source ends at once too, also while nothing passes', async () => {
  let freed = false;
  const iterator = filterEvents(
    waiting(() => {
      freed = true;
    }),
    (value) => value > 1,
  );
  const next = iterator.next();
  await iterator.return?.();
  expect(await next).toMatchObject({ done: true });
  expect(freed).toBe(true);
});

test('only what passes is handed on', async () => {
  const source = (async function* () {
    yield* [1, 2, 3, 4];
  })();
  const even: number[] = [];
  for await (const value of filterEvents(source, async (number) => number % 2 === 0)) even.push(value);
  expect(even).toEqual([2, 4]);
});
