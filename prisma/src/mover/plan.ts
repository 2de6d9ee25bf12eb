/**
 * What must move where, as pure arithmetic over a shard map.
 */
import { BUCKETS } from '../ids.ts';
import type { Buckets } from '../map/placement.ts';
import { mergeRanges, type ShardMap } from '../map/shard-map.ts';
import { ShardsError } from './errors.ts';

/** Buckets that go from one shard to another. */
export interface Transfer extends Buckets {
  readonly source: string;
  readonly target: string;
}

/** How many buckets each member serves. */
export function loadOf(map: ShardMap): Map<string, number> {
  const load = new Map(Object.keys(map.members).map((name) => [name, 0]));
  for (const { from, to, shard } of map.ranges) load.set(shard, (load.get(shard) ?? 0) + to - from + 1);
  return load;
}

/**
 * The least that must move so that these shards serve as many buckets each (one more or less), and no other shard any.
 * Buckets are taken from the upper end of what a shard has.
 */
export function planBalance(map: ShardMap, shards: readonly string[]): Transfer[] {
  if (shards.length === 0) throw new ShardsError('There must be at least one shard.');
  const unknown = shards.find((name) => !(name in map.members));
  if (unknown !== undefined) {
    throw new ShardsError(
      `Shard ${unknown} is not a member. Add it: npx lyceum shards add ${unknown} --primary host:port`,
    );
  }
  const load = loadOf(map);
  // Those that have most keep the odd buckets: nothing moves for their sake.
  const order = [...shards].sort((a, b) => load.get(b)! - load.get(a)! || (a < b ? -1 : 1));
  const share = new Map(
    order.map((name, n) => [name, Math.floor(BUCKETS / order.length) + (n < BUCKETS % order.length ? 1 : 0)]),
  );
  const spare: (Buckets & { source: string })[] = [];
  for (const [source, has] of load) spare.push(...upperEnd(map, source, has - (share.get(source) ?? 0)));
  spare.sort((a, b) => a.from - b.from);

  const transfers: Transfer[] = [];
  for (const target of [...shards].sort()) {
    let missing = (share.get(target) ?? 0) - load.get(target)!;
    while (missing > 0) {
      const piece = spare.shift()!;
      const taken = Math.min(missing, piece.to - piece.from + 1);
      transfers.push({ ...piece, to: piece.from + taken - 1, target });
      if (piece.from + taken <= piece.to) spare.unshift({ ...piece, from: piece.from + taken });
      missing -= taken;
    }
  }
  return transfers;
}

function upperEnd(map: ShardMap, source: string, count: number): (Buckets & { source: string })[] {
  const pieces: (Buckets & { source: string })[] = [];
  let missing = count;
  for (const { from, to } of map.ranges.filter(({ shard }) => shard === source).sort((a, b) => b.from - a.from)) {
    if (missing <= 0) break;
    const taken = Math.min(missing, to - from + 1);
    pieces.push({ source, from: to - taken + 1, to });
    missing -= taken;
  }
  return pieces;
}

/** Those of the buckets that the target does not serve yet, by who does. */
export function planMove(map: ShardMap, buckets: Buckets, target: string): Transfer[] {
  return mergeRanges(map.ranges).flatMap(({ from, to, shard }) => {
    const part = { from: Math.max(from, buckets.from), to: Math.min(to, buckets.to) };
    return shard === target || part.from > part.to ? [] : [{ ...part, source: shard, target }];
  });
}

/** Pieces of at most `size` buckets. */
export function chunksOf(ranges: readonly Buckets[], size: number): Buckets[] {
  return ranges.flatMap(({ from, to }) => {
    const chunks: Buckets[] = [];
    for (let at = from; at <= to; at += size) chunks.push({ from: at, to: Math.min(to, at + size - 1) });
    return chunks;
  });
}
