/**
 * Fills the users and progress databases with reproducible learners, in bulk, on all shards at once.
 *
 * The same seed gives the same learners: running it again, or after it was cut off, adds what is missing and nothing
 * else. A learner's progress is written in one transaction per batch and shard, so a learner is there as a whole or not
 * at all.
 */
import type pg from 'pg';

import { type Database, internalsOf } from '../src/database.ts';
import { bucketOf, bucketOfValue } from '../src/ids.ts';
import { ensureMonths } from '../src/partitions/partitions.ts';
import { type LearnerPlan, planLearner, type SeedCourse } from './learner-plan.ts';
import { apportion, createRandom, zipfWeights } from './random.ts';
import { writeDirectory, writeProgress, writeUsers } from './seed-tables.ts';

export interface SeedLearnersOptions {
  readonly count: number;
  /** Rows of lesson_progress in all; fewer if the courses have too few lessons. */
  readonly progressRows: number;
  /** Letters, digits and hyphens: it becomes part of e-mail addresses. */
  readonly seed: string;
  /** Published courses, the most popular first; none gives learners without progress. */
  readonly courses: readonly SeedCourse[];
  readonly databases: { readonly users: Database<'users'>; readonly progress: Database<'progress'> };
  /** The hash of the one password all of them share. */
  readonly passwordHash: string;
  /** When the last of it happened. Fixed, so that ids are the same on every day. */
  readonly until?: Date;
  readonly onProgress?: (done: { learners: number; of: number; progressRows: number }) => void;
}

export interface SeedLearnersResult {
  /** Made by this call. */
  readonly learners: number;
  readonly progressRows: number;
}

const UNTIL = new Date('2026-11-20T20:00:00.000Z');
const LEARNERS_AT_ONCE = 500;
const ACTIVITY_EXPONENT = 0.7;
/** More than the year that plans reach back. */
const MONTHS = 14;

export async function seedLearners(o: SeedLearnersOptions): Promise<SeedLearnersResult> {
  if (!/^[a-z0-9-]{1,40}$/.test(o.seed)) throw new RangeError('A seed is 1–40 lower-case letters, digits or hyphens.');
  const until = (o.until ?? UNTIL).getTime();
  const amounts = lessonCounts(o);
  await ensurePartitions(o.databases.progress, until);
  let learners = 0;
  let progressRows = 0;
  for (let start = 0; start < o.count; start += LEARNERS_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(LEARNERS_AT_ONCE, o.count - start) }, (_, n) => start + n);
    const plans = numbers.map((number) =>
      planLearner(o.seed, number, { lessonCount: amounts[number]!, courses: o.courses, until }),
    );
    const made = await writeBatch(o, plans);
    learners += made.learners;
    progressRows += made.progressRows;
    o.onProgress?.({ learners: start + numbers.length, of: o.count, progressRows });
  }
  return { learners, progressRows };
}

/** Zipf-shaped: a few learners did almost everything, most did little. Which ones is a matter of chance. */
function lessonCounts({ count, progressRows, courses, seed }: SeedLearnersOptions): number[] {
  const lessons = courses.reduce((sum, course) => sum + course.lessons.length, 0);
  const shares = apportion(progressRows, zipfWeights(count, ACTIVITY_EXPONENT), lessons);
  const random = createRandom(seed, 'amounts');
  for (let index = shares.length - 1; index > 0; index -= 1) {
    const other = random.below(index + 1);
    [shares[index], shares[other]] = [shares[other]!, shares[index]!];
  }
  return shares;
}

async function writeBatch(o: SeedLearnersOptions, plans: readonly LearnerPlan[]): Promise<SeedLearnersResult> {
  const users = internalsOf(o.databases.users);
  const progress = internalsOf(o.databases.progress);
  const ownerOf = (plan: LearnerPlan) => bucketOf(plan.id);
  const addressOf = (plan: LearnerPlan) => bucketOfValue(`email:${plan.email}`);

  const written = await perShard(progress, plans, ownerOf, writeProgress);
  await perShard(users, plans, addressOf, writeDirectory);
  const made = await perShard(users, plans, ownerOf, (client, group) => writeUsers(client, group, o.passwordHash));
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  return { learners: sum(made), progressRows: sum(written) };
}

/** One transaction for each shard. */
async function perShard<T>(
  { router, fenced }: ReturnType<typeof internalsOf>,
  plans: readonly LearnerPlan[],
  bucket: (plan: LearnerPlan) => number,
  write: (client: pg.PoolClient, group: readonly LearnerPlan[]) => Promise<T>,
): Promise<T[]> {
  const groups = Map.groupBy(plans, (plan) => router.map.shardOf(bucket(plan)));
  return Promise.all(
    [...groups.values()].map((group) => fenced.write(group.map(bucket), (client) => write(client, group))),
  );
}

async function ensurePartitions(progress: Database<'progress'>, until: number): Promise<void> {
  const from = new Date(until);
  from.setUTCMonth(from.getUTCMonth() - MONTHS + 2, 1);
  await ensureMonths(progress, 'activity', { from, months: MONTHS });
}
