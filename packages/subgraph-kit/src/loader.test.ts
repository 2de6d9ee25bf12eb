import { createMetrics } from '@lyceum/service-kit';
import { expect, test } from 'vitest';
import { createLoader, measureLoaders } from './loader.ts';

test('keys asked for together go in one batch and answer in their order, null for the unknown', async () => {
  const batches: (readonly number[])[] = [];
  const loader = createLoader('square', async (keys: readonly number[]) => {
    batches.push(keys);
    return new Map(keys.filter((key) => key > 0).map((key) => [key, key * key]));
  });
  expect(await Promise.all([3, -1, 2, 3].map((key) => loader.load(key)))).toEqual([9, null, 4, 9]);
  expect(batches).toEqual([[3, -1, 2]]);
});

test('a batch is bounded', async () => {
  const sizes: number[] = [];
  const loader = createLoader('id', async (keys: readonly number[]) => {
    sizes.push(keys.length);
    return keys;
  });
  await loader.loadMany(Array.from({ length: 450 }, (_, index) => index));
  expect(sizes).toEqual([200, 200, 50]);
});

test('one failing key fails alone', async () => {
  const loader = createLoader('odd', async (keys: readonly number[]) =>
    keys.map((key) => (key % 2 ? key : new Error('even'))),
  );
  const [odd, even] = await Promise.allSettled([loader.load(1), loader.load(2)]);
  expect([odd.status, even.status]).toEqual(['fulfilled', 'rejected']);
});

test('batch sizes are measured by loader', async () => {
  const metrics = createMetrics('test');
  measureLoaders(metrics);
  await createLoader('measured', async (keys: readonly number[]) => keys).loadMany([1, 2, 3]);
  expect(await metrics.registry.metrics()).toMatch(/lyceum_loader_batch_size_sum\{.*loader="measured".*\} 3/);
});
