import { expect, test } from 'vitest';
import { apportion, createRandom, pick, zipfWeights } from './random.ts';

test('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: string) => {
    const random = createRandom(seed, 1);
    return Array.from({ length: 20 }, () => random.below(1_000));
  };
  expect(draw('a')).toEqual(draw('a'));
  expect(draw('a')).not.toEqual(draw('b'));
});

test('numbers are spread evenly', () => {
  const random = createRandom('even');
  const counts = new Array(10).fill(0);
  for (let n = 0; n < 20_000; n += 1) counts[random.below(10)] += 1;
  for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(250);
});

test('shares sum up to the total, follow the weights and never pass the cap', () => {
  const shares = apportion(20_000, zipfWeights(1_000, 0.8), 80);
  expect(shares.reduce((sum, share) => sum + share, 0)).toBe(20_000);
  expect(Math.max(...shares)).toBe(80);
  expect(shares[0]).toBeGreaterThan(shares[999]!);
  expect(apportion(1_000, zipfWeights(10, 1), 7)).toEqual(new Array(10).fill(7));
  expect(apportion(0, zipfWeights(3, 1), 7)).toEqual([0, 0, 0]);
  expect(apportion(10, [], 7)).toEqual([]);
  expect(apportion(10, [1, 1], 0)).toEqual([0, 0]);
});

test('items are picked in proportion to their weights', () => {
  const random = createRandom('pick');
  const counts = [0, 0];
  for (let n = 0; n < 10_000; n += 1) counts[pick(random, [3, 1])]! += 1;
  expect(counts[0]! / 10_000).toBeCloseTo(0.75, 1);
});
