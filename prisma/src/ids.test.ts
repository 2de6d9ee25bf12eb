import { describe, expect, test } from 'vitest';
import { BUCKETS, bucketOf, bucketOfValue, composeId, isId, newId, newIdBeside, randomBucket } from './ids.ts';

describe('ids', () => {
  test('every bucket survives the way into an id and back', () => {
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const id = newId(bucket);
      expect(isId(id)).toBe(true);
      expect(bucketOf(id)).toBe(bucket);
    }
  });

  test('an id made beside another lies in its bucket and is another id', () => {
    const id = newId(1234);
    const beside = newIdBeside(id);
    expect(bucketOf(beside)).toBe(1234);
    expect(beside).not.toBe(id);
  });

  test('ids sort by the time they were made', () => {
    const random = new Uint8Array(8).fill(255);
    const ids = [1, 2 ** 31, 2 ** 40, 2 ** 47].map((ms) => composeId(4095, ms, random));
    expect([...ids].sort()).toEqual(ids);
  });

  test('the parts lie where RFC 9562 puts them', () => {
    expect(composeId(0xabc, 0x0123456789ab, new Uint8Array(8).fill(255))).toBe('01234567-89ab-7abc-bfff-ffffffffffff');
    expect(composeId(0, 0, new Uint8Array(8))).toBe('00000000-0000-7000-8000-000000000000');
  });

  test('what is no UUIDv7 has no bucket', () => {
    for (const text of ['', 'x', '0b0c5c2e-89ab-4abc-bfff-ffffffffffff', `${newId(1)} `, '1; drop table']) {
      expect(isId(text)).toBe(false);
      expect(() => bucketOf(text)).toThrow(RangeError);
    }
    expect(() => newId(BUCKETS)).toThrow(RangeError);
    expect(() => newId(-1)).toThrow(RangeError);
    expect(() => newId(0.5)).toThrow(RangeError);
  });

  test('random buckets and hashed values stay in range and spread', () => {
    const buckets = Array.from({ length: 4_000 }, (_, n) => [randomBucket(), bucketOfValue(`email:${n}@x`)]);
    for (const column of [0, 1]) {
      const values = buckets.map((row) => row[column]!);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...values)).toBeLessThan(BUCKETS);
      const lower = values.filter((value) => value < BUCKETS / 2).length;
      expect(lower).toBeGreaterThan(1_800);
      expect(lower).toBeLessThan(2_200);
    }
    expect(bucketOfValue('a')).toBe(bucketOfValue('a'));
  });
});
