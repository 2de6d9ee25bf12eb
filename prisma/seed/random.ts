/**
 * Random numbers that are the same on every machine for the same seed. Not for secrets.
 */
import { createHash } from 'node:crypto';

export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, below). */
  below(below: number): number;
  bytes(count: number): Uint8Array;
}

/** sfc32 by Chris Doty-Humphrey (PractRand), seeded by a hash of the parts. */
export function createRandom(...parts: readonly (string | number)[]): Random {
  const digest = createHash('sha256').update(parts.join('\u0000')).digest();
  let [a, b, c, counter] = [0, 4, 8, 12].map((offset) => digest.readUInt32LE(offset)) as [
    number,
    number,
    number,
    number,
  ];
  const uint32 = () => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    c |= 0;
    return result >>> 0;
  };
  return {
    next: () => uint32() / 2 ** 32,
    below: (below) => Math.floor((uint32() / 2 ** 32) * below),
    bytes: (count) => Uint8Array.from({ length: count }, () => uint32() & 0xff),
  };
}

/** Zipf's weights: the item of rank r (from 0) has 1/(r+1)^exponent. */
export function zipfWeights(count: number, exponent: number): number[] {
  return Array.from({ length: count }, (_, rank) => 1 / (rank + 1) ** exponent);
}

/** The index of one of the weights, by chance in proportion to them. */
export function pick(random: Random, weights: readonly number[]): number {
  let left = random.next() * weights.reduce((sum, weight) => sum + weight, 0);
  for (let index = 0; index < weights.length; index += 1) {
    left -= weights[index]!;
    if (left < 0) return index;
  }
  return weights.length - 1;
}

/**
 * Shares `total` out in whole numbers in proportion to the weights, none above `cap`. The shares sum up to `total`, or
 * to as much as the caps allow.
 */
export function apportion(total: number, weights: readonly number[], cap: number): number[] {
  const goal = Math.min(total, cap * weights.length);
  let low = 0;
  let high = weights.length === 0 ? 0 : (cap + 1) / Math.min(...weights);
  const filled = (scale: number) => weights.reduce((sum, weight) => sum + Math.min(cap, weight * scale), 0);
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (filled(middle) < goal) low = middle;
    else high = middle;
  }
  const shares = weights.map((weight) => Math.floor(Math.min(cap, weight * low)));
  let missing = goal - shares.reduce((sum, share) => sum + share, 0);
  while (missing > 0) {
    for (let index = 0; index < shares.length && missing > 0; index += 1) {
      if (shares[index]! >= cap) continue;
      shares[index]! += 1;
      missing -= 1;
    }
  }
  return shares;
}
