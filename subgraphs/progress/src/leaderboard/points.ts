/**
 * What earns points, and how points and the time they were reached make one number that sorts a leaderboard. Pure.
 *
 * `count_course_points` in the migrations of the domain knows the same rules, for rows that came in without points.
 */
export const POINTS = { lessonCompleted: 10, problemSolved: 5, courseCompleted: 50 };
/** A score is a whole number that a double still holds exactly: 21 bits of points, 32 of seconds. */
export const POINTS_MAX = 2 ** 21 - 1;
const SECONDS = 2 ** 32;

export interface Achievements {
  /** A lesson was completed, which happens once. */
  readonly lessonCompleted: boolean;
  /** A problem was answered correctly for the first time. */
  readonly problemSolved: boolean;
  /** The course was completed for the first time. */
  readonly courseCompleted: boolean;
}

export function pointsFor(achievements: Achievements): number {
  const names = Object.keys(POINTS) as (keyof typeof POINTS)[];
  return names.reduce((sum, name) => sum + (achievements[name] ? POINTS[name] : 0), 0);
}

/**
 * Grows with the points; of two with as many points the one reached first, to the second, is greater. Scores of one
 * learner and period therefore only grow, and the greater of two is the newer.
 */
export function scoreOf(points: number, reachedAt: Date): number {
  const seconds = Math.floor(reachedAt.getTime() / 1000);
  return Math.min(points, POINTS_MAX) * SECONDS + (SECONDS - 1 - seconds);
}

export function pointsOf(score: number): number {
  return Math.floor(score / SECONDS);
}

/** A learner and the score by which they stand on a board. */
export interface Scored {
  readonly learnerId: string;
  readonly score: number;
}

/** The order of a board: the greater score first, then the greater id, so that no two share a place. */
export function byScore(one: Scored, other: Scored): number {
  return other.score - one.score || (one.learnerId < other.learnerId ? 1 : -1);
}
