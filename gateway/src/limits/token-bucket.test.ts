import { expect, test } from 'vitest';
import { createTokenBucket } from './token-bucket.ts';

const rate = { perMinute: 60, burst: 3 };

test('a full bucket gives its burst, and then what comes in', () => {
  const bucket = createTokenBucket();
  expect([0, 0, 0, 0].map((now) => bucket.take(rate, now))).toEqual([0, 0, 0, 1_000]);
  expect([500, 1_000, 1_000].map((now) => bucket.take(rate, now))).toEqual([500, 0, 1_000]);
});

test('a bucket holds no more than its burst, however long nobody comes', () => {
  const bucket = createTokenBucket();
  for (const now of [0, 0, 0]) bucket.take(rate, now);
  expect([1e9, 1e9, 1e9, 1e9].map((now) => bucket.take(rate, now))).toEqual([0, 0, 0, 1_000]);
});
