/**
 * The shard map: which shard serves a bucket. `config/shards.yaml` holds it; a bad edit is refused as a whole.
 */
import { z } from 'zod';
import type { Domain } from './domain.ts';
import { BUCKETS } from './ids.ts';

const bucket = z
  .number()
  .int()
  .min(0)
  .max(BUCKETS - 1);

const Range = z
  .strictObject({
    from: bucket,
    to: bucket,
    shard: z.string().regex(/^[a-z][a-z0-9]*$/, 'must be lower-case letters and digits'),
  })
  .refine((range) => range.from <= range.to, { message: '`from` must not be above `to`' });

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

/** The names of a domain's shards, in alphabetical order. */
export function shardsOf(policy: ShardsPolicy, domain: Domain): string[] {
  return [...new Set(policy[domain].ranges.map((range) => range.shard))].sort();
}

export function shardOfBucket(policy: ShardsPolicy, domain: Domain, bucketNumber: number): string {
  const range = policy[domain].ranges.find(({ from, to }) => from <= bucketNumber && bucketNumber <= to);
  if (!range) throw new RangeError(`No shard of ${domain} serves bucket ${bucketNumber}.`);
  return range.shard;
}
