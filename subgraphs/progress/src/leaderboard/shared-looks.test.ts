import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSharedLooks } from './shared-looks.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function counting() {
  let state = 0;
  const looks: string[] = [];
  const shared = createSharedLooks({
    nameOf: (key: string) => key,
    look: async (key) => {
      looks.push(key);
      return state;
    },
    everyMs: 500,
  });
  return { shared, looks, change: () => (state += 1) };
}

test('those who ask together share a look, and each key has its own', async () => {
  const { shared, looks } = counting();
  const seen = [shared.look('a'), shared.look('a'), shared.look('b')];
  await vi.advanceTimersByTimeAsync(0);
  expect(await Promise.all(seen)).toEqual([0, 0, 0]);
  expect(looks).toEqual(['a', 'b']);
});

test('looks begin half a second apart, and one that is asked for after a change sees it', async () => {
  const { shared, looks, change } = counting();
  const first = shared.look('a');
  await vi.advanceTimersByTimeAsync(0);
  expect(await first).toBe(0);
  change();
  const second = shared.look('a');
  await vi.advanceTimersByTimeAsync(499);
  change();
  const third = shared.look('a');
  expect(looks).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(await Promise.all([second, third])).toEqual([2, 2]);
  expect(looks).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(looks).toHaveLength(2);
});
