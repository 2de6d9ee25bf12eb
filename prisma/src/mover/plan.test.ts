import { expect, test } from 'vitest';
import type { ShardMap } from '../map/shard-map.ts';
import { chunksOf, loadOf, planBalance, planMove } from './plan.ts';

const halves: ShardMap = {
  version: 1,
  ranges: [
    { from: 0, to: 2047, shard: 's1' },
    { from: 2048, to: 4095, shard: 's2' },
  ],
  members: { s1: null, s2: null, s3: null },
  residue: [],
};

function after(map: ShardMap, shards: string[]) {
  const transfers = planBalance(map, shards);
  const load = loadOf(map);
  for (const { source, target, from, to } of transfers) {
    load.set(source, load.get(source)! - (to - from + 1));
    load.set(target, load.get(target)! + (to - from + 1));
  }
  return { transfers, load: Object.fromEntries(load) };
}

test('a third shard takes a third, from both, and nothing else moves', () => {
  const { transfers, load } = after(halves, ['s1', 's2', 's3']);
  expect(load).toEqual({ s1: 1366, s2: 1365, s3: 1365 });
  expect(transfers).toEqual([
    { source: 's1', target: 's3', from: 1366, to: 2047 },
    { source: 's2', target: 's3', from: 3413, to: 4095 },
  ]);
});

test('what is balanced stays', () => {
  expect(planBalance(halves, ['s1', 's2'])).toEqual([]);
});

test('a shard that is to go is emptied into the others', () => {
  const { transfers, load } = after(halves, ['s1', 's3']);
  expect(load).toEqual({ s1: 2048, s2: 0, s3: 2048 });
  expect(transfers).toEqual([{ source: 's2', target: 's3', from: 2048, to: 4095 }]);
});

test('a shard that is no member is refused with the command that adds it', () => {
  expect(() => planBalance(halves, ['s1', 's9'])).toThrow(/shards add s9/);
});

test('buckets to move are split by who serves them, and those at the target are left out', () => {
  expect(planMove(halves, { from: 2000, to: 2100 }, 's3')).toEqual([
    { source: 's1', target: 's3', from: 2000, to: 2047 },
    { source: 's2', target: 's3', from: 2048, to: 2100 },
  ]);
  expect(planMove(halves, { from: 0, to: 2047 }, 's1')).toEqual([]);
});

test('chunks cover their ranges', () => {
  expect(
    chunksOf(
      [
        { from: 0, to: 9 },
        { from: 20, to: 20 },
      ],
      4,
    ),
  ).toEqual([
    { from: 0, to: 3 },
    { from: 4, to: 7 },
    { from: 8, to: 9 },
    { from: 20, to: 20 },
  ]);
});
