import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { DOMAINS } from '../domain.ts';
import { newId } from '../ids.ts';
import { CompiledMap, firstMap, mergeRanges, ShardsPolicy, shardsOf, withMoved, withoutBuckets } from './shard-map.ts';

const whole = { ranges: [{ from: 0, to: 4095, shard: 's1' }] };
const policy = (users: unknown) => ({ version: 1, users, courses: whole, progress: whole, ai: whole });
const problems = (input: unknown) => ShardsPolicy.safeParse(input).error?.issues.map((issue) => issue.message) ?? [];

describe('shard map', () => {
  test('the map of this repository is valid, halves the learners and puts the first two courses on s1', async () => {
    const file = new URL('../../../config/shards.yaml', import.meta.url);
    const map = ShardsPolicy.parse(parse(await readFile(file, 'utf8')));
    for (const domain of DOMAINS) expect(shardsOf(map, domain)).toEqual(['s1', 's2']);
    const users = new CompiledMap(firstMap(map, 'users'));
    const courses = new CompiledMap(firstMap(map, 'courses'));
    expect(users.shardOf(2047)).toBe('s1');
    expect(users.shardOf(2048)).toBe('s2');
    expect([0, 1, 2, 4095].map((bucket) => courses.shardOf(bucket))).toEqual(['s1', 's1', 's2', 's2']);
    expect(map.courses.coursesPerBucket).toBe(1);
  });

  test('a bucket that no shard serves is refused and named', () => {
    expect(
      problems(
        policy({
          ranges: [
            { from: 0, to: 99, shard: 's1' },
            { from: 200, to: 4095, shard: 's2' },
          ],
        }),
      ),
    ).toEqual(['no shard serves buckets 100–199']);
    expect(problems(policy({ ranges: [{ from: 1, to: 4000, shard: 's1' }] }))).toEqual([
      'no shard serves buckets 0–0',
      'no shard serves buckets 4001–4095',
    ]);
  });

  test('a bucket that two ranges serve is refused', () => {
    expect(
      problems(
        policy({
          ranges: [
            { from: 0, to: 100, shard: 's1' },
            { from: 100, to: 4095, shard: 's2' },
          ],
        }),
      ),
    ).toEqual(['two ranges serve bucket 100']);
  });

  test('ranges may be written in any order', () => {
    const map = ShardsPolicy.parse(
      policy({
        ranges: [
          { from: 10, to: 4095, shard: 's2' },
          { from: 0, to: 9, shard: 's1' },
        ],
      }),
    );
    const users = new CompiledMap(firstMap(map, 'users'));
    expect(users.shardOf(9)).toBe('s1');
    expect(users.shardOf(10)).toBe('s2');
  });

  test('unknown keys, reversed ranges and buckets out of range are refused', () => {
    expect(problems({ ...policy(whole), extra: 1 })).not.toEqual([]);
    expect(problems(policy({ ranges: [{ from: 5, to: 4, shard: 's1' }, ...whole.ranges] }))).not.toEqual([]);
    expect(problems(policy({ ranges: [{ from: 0, to: 4096, shard: 's1' }] }))).not.toEqual([]);
    expect(problems(policy({ ranges: [] }))).not.toEqual([]);
  });

  test('moved buckets are cut out of their ranges, and neighbours of one shard are one range', () => {
    const ranges = [
      { from: 0, to: 2047, shard: 's1' },
      { from: 2048, to: 4095, shard: 's2' },
    ];
    const moved = withMoved(ranges, { from: 2000, to: 2099 }, 's3');
    expect(moved).toEqual([
      { from: 0, to: 1999, shard: 's1' },
      { from: 2000, to: 2099, shard: 's3' },
      { from: 2100, to: 4095, shard: 's2' },
    ]);
    expect(withMoved(withMoved(moved, { from: 2000, to: 2047 }, 's1'), { from: 2048, to: 2099 }, 's2')).toEqual(ranges);
    expect(withoutBuckets(ranges, { from: 0, to: 2047 })).toEqual([ranges[1]]);
    expect(mergeRanges([])).toEqual([]);
  });

  test('rows count on the shard that serves them, wherever else they lie', () => {
    const map = new CompiledMap({
      version: 2,
      ranges: [{ from: 0, to: 4095, shard: 's1' }],
      members: { s1: null, s2: null },
      residue: [{ from: 0, to: 99, shard: 's2' }],
    });
    expect([map.owns('s1', newId(5)), map.owns('s2', newId(5))]).toEqual([true, false]);
    expect(map.residueOf('s2')).toHaveLength(1);
    expect(map.residueOf('s1')).toEqual([]);
  });
});
