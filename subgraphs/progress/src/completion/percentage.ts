/**
 * How far a learner is in a course, as one number.
 */

/** What has been done of a course and what there is to do. */
export interface Counters {
  readonly completedLessons: number;
  readonly totalLessons: number;
  readonly answeredProblems: number;
  readonly totalProblems: number;
}

/** True when every lesson is completed and every gradable problem answered. A course without content is never done. */
export function isDone(counters: Counters): boolean {
  const total = counters.totalLessons + counters.totalProblems;
  return total > 0 && counters.completedLessons + counters.answeredProblems >= total;
}

/**
 * 0–100 with two decimals: completed lessons and answered gradable problems as a share of all.
 *
 * 100 only when everything is done: 99,999 of 100,000 parts must not read as complete. The recount of an outline
 * (outline.repository.ts) computes the same in SQL, so the share is rounded from whole numbers, half up, as SQL does.
 */
export function percentageOf(counters: Counters): number {
  if (isDone(counters)) return 100;
  const total = counters.totalLessons + counters.totalProblems;
  if (total === 0) return 0;
  const done = counters.completedLessons + counters.answeredProblems;
  return Math.min(Math.round((done * 10_000) / total) / 100, 99.99);
}
