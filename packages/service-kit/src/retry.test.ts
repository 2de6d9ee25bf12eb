import { access } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { backOffMs, outlast, sleep, withTimeout } from './retry.ts';

test('back-off stays below its bound, also after very many tries', () => {
  for (const attempt of [1, 5, 100, 10_000]) {
    const ms = backOffMs(attempt, { baseMs: 50, maxMs: 2_000 });
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(ms).toBeLessThanOrEqual(2_000);
  }
});

test('a time-out aborts the work it bounds and names it for the log', async () => {
  let aborted = false;
  const work = (signal: AbortSignal) => {
    signal.addEventListener('abort', () => {
      aborted = true;
    });
    return sleep(60_000, signal);
  };
  const error = await withTimeout(work, 5, 'a long sleep').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'TIMED_OUT' });
  expect((error as Error).message).not.toContain('a long sleep');
  expect(String((error as Error).cause)).toContain('a long sleep');
  expect(aborted).toBe(true);
});

test('what arrived while this process stood still is in time', async () => {
  // From here the event loop comes to its timers before it reads what has arrived.
  await setImmediate();
  const bounded = withTimeout(access(import.meta.filename), 20, 'a look');
  const until = performance.now() + 200;
  while (performance.now() < until);
  await expect(bounded).resolves.toBeUndefined();
});

test('work that ends in time gives its result or its own error', async () => {
  expect(await withTimeout(async () => 7, 1_000, 'quick')).toBe(7);
  await expect(withTimeout(Promise.reject(new Error('own')), 1_000, 'quick')).rejects.toThrow('own');
});

test('work outlasts what it needs being away, and what fails while that answers is thrown', async () => {
  const { signal } = new AbortController();
  let away = 2;
  const waits: unknown[] = [];
  const outage = {
    check: async () => {
      if (away > 0) throw new Error('away');
    },
    onAway: (error: unknown) => {
      waits.push(error);
      away -= 1;
    },
    signal,
  };
  const work = async () => {
    if (away > 0) throw new Error(`${away} to go`);
    return 'done';
  };
  expect(await outlast(work, outage)).toBe('done');
  expect(waits).toEqual([new Error('2 to go'), new Error('1 to go')]);
  const fault = new Error('a bug');
  await expect(outlast(() => Promise.reject(fault), outage)).rejects.toBe(fault);
  away = 1;
  await expect(outlast(work, { ...outage, signal: AbortSignal.abort() })).rejects.toThrow('1 to go');
});
