/**
 * Gives each new course its bucket: buckets are filled in order of creation, `coursesPerBucket` courses each.
 */

import { type Database, internalsOf } from '../database.ts';
import { BUCKETS } from '../ids.ts';

/** The allocator's row lies with this bucket. */
const ALLOCATOR = 0;

/**
 * Counts up even if the course is not written afterwards: a gap, never a double. The bucket never moves back, also when
 * `coursesPerBucket` is changed; the last bucket takes all that remain.
 */
export async function allocateCourseBucket(database: Database<'courses'>): Promise<number> {
  const { fenced, policy } = internalsOf(database);
  const { rows } = await fenced.query<{ bucket: number }>(
    ALLOCATOR,
    `INSERT INTO bucket_allocator AS a (name, bucket, used) VALUES ('courses', 0, 1)
     ON CONFLICT (name) DO UPDATE SET
       bucket = CASE WHEN a.used >= $1 THEN least(a.bucket + 1, $2) ELSE a.bucket END,
       used = CASE WHEN a.used >= $1 THEN 1 ELSE a.used + 1 END
     RETURNING bucket`,
    [policy().courses.coursesPerBucket, BUCKETS - 1],
  );
  return rows[0]!.bucket;
}
