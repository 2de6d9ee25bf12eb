/**
 * The shard map of a domain: which shard serves a bucket, and where the shards' servers are.
 *
 * `config/shards.yaml` holds the first one. Later ones live in the domain's databases (shard-map-store.ts): versions only
 * grow, and the highest that any database holds is the map.
 */
import { z } from 'zod';
import type { Domain } from '../domain.ts';
import { BUCKETS, bucketOf } from '../ids.ts';

const bucket = z
  .number()
  .int()
  .min(0)
  .max(BUCKETS - 1);

const ShardName = z.string().regex(/^[a-z][a-z0-9]{0,15}$/, 'must be up to 16 lower-case letters and digits');

const Range = z
  .strictObject({ from: bucket, to: bucket, shard: ShardName })
  .refine((range) => range.from <= range.to, { message: '`from` must not be above `to`' });
/** Buckets `from` to `to`, both included. */
export type Range = z.output<typeof Range>;

const Ranges = z
  .array(Range)
  .min(1)
  .superRefine((ranges, context) => {
    let next = 0;
    for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
      if (range.from > next) context.addIssue(`no shard serves buckets ${next}–${range.from - 1}`);
      if (range.from < next) context.addIssue(`two ranges serve bucket ${range.from}`);
      next = Math.max(next, range.to + 1);
    }
    if (next < BUCKETS) context.addIssue(`no shard serves buckets ${next}–${BUCKETS - 1}`);
  });

/** The schema of `config/shards.yaml`. Every bucket of every domain is served by exactly one shard. */
export const ShardsPolicy = z.strictObject({
  version: z.number().int().positive(),
  users: z.strictObject({ ranges: Ranges }),
  courses: z.strictObject({ ranges: Ranges, coursesPerBucket: z.number().int().positive().default(1) }),
  progress: z.strictObject({ ranges: Ranges }),
  ai: z.strictObject({ ranges: Ranges }),
});
export type ShardsPolicy = z.output<typeof ShardsPolicy>;

const Address = z.string().regex(/^[^\s/@]+:\d{1,5}$/, 'must be host:port');

/** Servers by address: users, passwords and names of databases come from the environment (urls.ts). */
const Member = z.strictObject({ primary: Address, replicas: z.array(Address) });
export type Member = z.output<typeof Member>;

export const ShardMap = z
  .strictObject({
    version: z.number().int().positive(),
    ranges: Ranges,
    /** Every shard, those that serve no bucket yet included. Null: its servers are the environment's. */
    members: z.record(ShardName, Member.nullable()),
    /** Buckets whose rows may lie on a shard that does not serve them: while they are brought there, or cleared away. */
    residue: z.array(Range),
  })
  .refine(({ ranges, members }) => ranges.every(({ shard }) => shard in members), {
    message: 'a range names a shard that is no member',
  });
export type ShardMap = z.output<typeof ShardMap>;

/** What a domain begins with. */
export function firstMap(policy: ShardsPolicy, domain: Domain): ShardMap {
  const { ranges } = policy[domain];
  const members = Object.fromEntries(shardsOf(policy, domain).map((name) => [name, null]));
  return { version: policy.version, ranges, members, residue: [] };
}

/** The names of a domain's first shards, in alphabetical order. */
export function shardsOf(policy: ShardsPolicy, domain: Domain): string[] {
  return [...new Set(policy[domain].ranges.map((range) => range.shard))].sort();
}

/** A map ready for the hot path: a bucket is an index. */
export class CompiledMap {
  readonly map: ShardMap;
  readonly version: number;
  /** In alphabetical order. */
  readonly names: readonly string[];
  readonly #shards: readonly string[];
  readonly #residue: ReadonlyMap<string, readonly Range[]>;

  constructor(map: ShardMap) {
    this.map = map;
    this.version = map.version;
    this.names = Object.keys(map.members).sort();
    const shards = new Array<string>(BUCKETS);
    for (const { from, to, shard } of map.ranges) shards.fill(shard, from, to + 1);
    this.#shards = shards;
    this.#residue = Map.groupBy(map.residue, (range) => range.shard);
  }

  shardOf(bucketNumber: number): string {
    const shard = this.#shards[bucketNumber];
    if (shard === undefined) throw new RangeError(`A bucket is a whole number from 0 to ${BUCKETS - 1}.`);
    return shard;
  }

  /** Whether the shard serves the row of an id that was found there. */
  owns(shard: string, id: string): boolean {
    return this.#residue.size === 0 || this.shardOf(bucketOf(id)) === shard;
  }

  /** Buckets whose rows on the shard do not count. */
  residueOf(shard: string): readonly Range[] {
    return this.#residue.get(shard) ?? [];
  }
}

/** The ranges after `moved` went to `shard`, merged and in order. */
export function withMoved(ranges: readonly Range[], moved: Pick<Range, 'from' | 'to'>, shard: string): Range[] {
  return mergeRanges([...withoutBuckets(ranges, moved), { from: moved.from, to: moved.to, shard }]);
}

/** Sorted, neighbours of one shard joined. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of [...ranges].sort((a, b) => (a.shard < b.shard ? -1 : a.shard > b.shard ? 1 : a.from - b.from))) {
    const last = merged.at(-1);
    if (last && last.shard === range.shard && last.to + 1 >= range.from) last.to = Math.max(last.to, range.to);
    else merged.push({ ...range });
  }
  return merged.sort((a, b) => a.from - b.from);
}

/** `ranges` without the buckets of `cut`, for whichever shard. */
export function withoutBuckets(ranges: readonly Range[], cut: Pick<Range, 'from' | 'to'>): Range[] {
  const pieces = ranges.flatMap((range) => [
    { ...range, to: Math.min(range.to, cut.from - 1) },
    { ...range, from: Math.max(range.from, cut.to + 1) },
  ]);
  return mergeRanges(pieces.filter(({ from, to }) => from <= to));
}
