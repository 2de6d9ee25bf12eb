/**
 * What one seeded learner is and did: decided from the seed and the learner's number alone, without a database.
 *
 * Learners take courses by Zipf's law, read them in order and study on some days in a row, so early lessons and popular
 * courses have far more learners than late and rare ones.
 */
import type { CoursePublished, PayloadOf } from '@lyceum/contracts';
import { BUCKETS, composeId } from '../src/ids.ts';
import { inventName } from './names.ts';
import { createRandom, pick, type Random, zipfWeights } from './random.ts';

/** A published course, as its event describes it. */
export type SeedCourse = Pick<PayloadOf<typeof CoursePublished>, 'courseId' | 'lessons'>;

export interface PlannedAnswer {
  readonly attemptId: string;
  readonly problemId: string;
  readonly courseId: string;
  readonly correct: boolean;
  readonly choiceIds: readonly string[];
  readonly response: string | null;
  readonly at: number;
}

export interface PlannedLesson {
  readonly lessonId: string;
  readonly courseId: string;
  readonly startedAt: number;
  readonly completedAt: number | null;
}

export interface PlannedEnrollment {
  readonly id: string;
  readonly courseId: string;
  readonly status: 'ACTIVE' | 'COMPLETED';
  readonly completedLessons: number;
  readonly totalLessons: number;
  readonly answeredProblems: number;
  readonly correctProblems: number;
  readonly totalProblems: number;
  readonly percentage: number;
  readonly revision: number;
  readonly enrolledAt: number;
  readonly completedAt: number | null;
  readonly updatedAt: number;
}

export interface PlannedActivity {
  readonly id: string;
  readonly kind: 'ENROLLED' | 'LESSON_STARTED' | 'LESSON_COMPLETED' | 'PROBLEM_ANSWERED' | 'COURSE_COMPLETED';
  readonly courseId: string;
  readonly lessonId: string | null;
  readonly at: number;
}

export interface LearnerPlan {
  readonly id: string;
  readonly email: string;
  readonly displayName: string;
  /** Milliseconds since 1970, as all times here. */
  readonly signedUpAt: number;
  readonly enrollments: PlannedEnrollment[];
  readonly lessons: PlannedLesson[];
  readonly answers: PlannedAnswer[];
  readonly activity: PlannedActivity[];
  /** Null for a learner without activity. */
  readonly streak: { readonly currentDays: number; readonly longestDays: number; readonly lastActiveOn: string } | null;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const COURSE_EXPONENT = 0.9;

/** `until` is the latest time anything happened; `lessonCount` at most what the courses have. */
export function planLearner(
  seed: string,
  number: number,
  o: { lessonCount: number; courses: readonly SeedCourse[]; until: number },
): LearnerPlan {
  const random = createRandom(seed, 'learner', number);
  const bucket = random.below(BUCKETS);
  const identity = random.bytes(8);
  const displayName = inventName(random);
  // Decided before the amount of study, so that a learner keeps its id when the amounts are changed.
  const signedUpAt = o.until - Math.floor((30 + random.next() * 330) * DAY);
  const id = composeId(bucket, signedUpAt, identity);
  const study = new Study(random, bucket, signedUpAt, o.until);
  for (const [course, count] of chooseCourses(random, o.courses, o.lessonCount)) study.take(course, count);
  return { id, email: `learner-${number}-${seed}@example.org`, displayName, signedUpAt, ...study.finish() };
}

/** How many lessons of which courses, in order of enrolment. The counts sum up to `lessonCount`. */
function chooseCourses(random: Random, courses: readonly SeedCourse[], lessonCount: number): [SeedCourse, number][] {
  const weights = zipfWeights(courses.length, COURSE_EXPONENT).map((weight, n) =>
    courses[n]!.lessons.length ? weight : 0,
  );
  const chosen = new Map<SeedCourse, number>();
  let left = lessonCount;
  while (left > 0 && weights.some((weight) => weight > 0)) {
    const index = pick(random, weights);
    const course = courses[index]!;
    weights[index] = 0;
    // Half of those who begin a course go as far as they have time for.
    const ambition = random.next() < 0.5 ? 1 : random.next();
    const count = Math.min(left, Math.max(1, Math.round(course.lessons.length * ambition)));
    chosen.set(course, count);
    left -= count;
  }
  for (const [course, count] of chosen) {
    const more = Math.min(left, course.lessons.length - count);
    chosen.set(course, count + more);
    left -= more;
  }
  return [...chosen];
}

/** Goes through courses in time, and keeps what the progress service would have written. */
class Study {
  readonly #random: Random;
  readonly #bucket: number;
  readonly #until: number;
  readonly #skill: number;
  #now: number;
  #leftToday: number;
  readonly #enrollments: PlannedEnrollment[] = [];
  readonly #lessons: PlannedLesson[] = [];
  readonly #answers: PlannedAnswer[] = [];
  readonly #activity: PlannedActivity[] = [];

  constructor(random: Random, bucket: number, signedUpAt: number, until: number) {
    this.#random = random;
    this.#bucket = bucket;
    this.#until = until;
    this.#skill = 0.5 + random.next() * 0.45;
    this.#now = signedUpAt;
    this.#leftToday = 1 + random.below(5);
  }

  take(course: SeedCourse, count: number): void {
    const enrolledAt = this.#later(5);
    this.#did('ENROLLED', course, null);
    const totalProblems = course.lessons.reduce((sum, lesson) => sum + lesson.problems.length, 0);
    const thorough = this.#random.next() < 0.6;
    const begunOnly = count < course.lessons.length && this.#random.next() < 0.3;
    let completedLessons = 0;
    let answered = 0;
    let correct = 0;
    for (const [index, lesson] of course.lessons.slice(0, count).entries()) {
      this.#nextLesson();
      const startedAt = this.#later(10);
      this.#did('LESSON_STARTED', course, lesson.lessonId);
      const stops = begunOnly && index === count - 1;
      for (const problem of lesson.problems) {
        if (stops || (!thorough && this.#random.next() < 0.3)) continue;
        const right = this.#random.next() < this.#skill;
        answered += 1;
        if (right) correct += 1;
        this.#answer(course, problem, right);
        this.#did('PROBLEM_ANSWERED', course, lesson.lessonId);
      }
      const completedAt = stops ? null : this.#later(15);
      this.#lessons.push({ lessonId: lesson.lessonId, courseId: course.courseId, startedAt, completedAt });
      if (stops) continue;
      completedLessons += 1;
      this.#did('LESSON_COMPLETED', course, lesson.lessonId);
    }
    const total = course.lessons.length + totalProblems;
    const done = completedLessons + answered;
    const completed = done >= total;
    if (completed) this.#did('COURSE_COMPLETED', course, null);
    this.#enrollments.push({
      id: this.#newId(enrolledAt),
      courseId: course.courseId,
      status: completed ? 'COMPLETED' : 'ACTIVE',
      completedLessons,
      totalLessons: course.lessons.length,
      answeredProblems: answered,
      correctProblems: correct,
      totalProblems,
      percentage: completed ? 100 : Math.min(Math.round((done * 10_000) / total) / 100, 99.99),
      // One for the enrolment, one for each start, answer and completion.
      revision: 1 + count + answered + completedLessons,
      enrolledAt,
      completedAt: completed ? this.#now : null,
      updatedAt: this.#now,
    });
  }

  finish(): Pick<LearnerPlan, 'enrollments' | 'lessons' | 'answers' | 'activity' | 'streak'> {
    return {
      enrollments: this.#enrollments,
      lessons: this.#lessons,
      answers: this.#answers,
      activity: this.#activity,
      streak: streakOf(this.#activity.map(({ at }) => at)),
    };
  }

  #answer(course: SeedCourse, problem: SeedCourse['lessons'][number]['problems'][number], correct: boolean): void {
    const { grading } = problem;
    const at = this.#later(3);
    const choiceIds = grading.kind === 'choices' && correct ? grading.correctChoiceIds : [];
    let response: string | null = null;
    if (grading.kind === 'numeric') response = String(grading.value + (correct ? 0 : 2 * grading.tolerance + 1));
    if (grading.kind === 'text') response = correct ? grading.answers[0]! : 'I do not know';
    const { problemId } = problem;
    this.#answers.push({
      attemptId: this.#newId(at),
      problemId,
      courseId: course.courseId,
      correct,
      choiceIds,
      response,
      at,
    });
  }

  #did(kind: PlannedActivity['kind'], course: SeedCourse, lessonId: string | null): void {
    this.#activity.push({ id: this.#newId(this.#now), kind, courseId: course.courseId, lessonId, at: this.#now });
  }

  /** A few lessons a day; the next day is mostly tomorrow. */
  #nextLesson(): void {
    this.#leftToday -= 1;
    if (this.#leftToday >= 0) return;
    this.#leftToday = this.#random.below(5);
    const days = this.#random.next() < 0.65 ? 1 : 2 + this.#random.below(4);
    const tomorrow = (Math.floor(this.#now / DAY) + days) * DAY + (7 + this.#random.next() * 13) * 60 * MINUTE;
    // Who runs out of time studies on in one go, in ever smaller steps.
    if (tomorrow < this.#until - DAY) this.#now = Math.floor(tomorrow);
  }

  #later(maxMinutes: number): number {
    const step = Math.min(maxMinutes * MINUTE, (this.#until - this.#now) / 50);
    this.#now += Math.floor(step * (0.2 + 0.8 * this.#random.next()));
    return this.#now;
  }

  #newId(at: number): string {
    return composeId(this.#bucket, at, this.#random.bytes(8));
  }
}

/** Days in a row up to the last active day, and the longest ever, in UTC. */
function streakOf(times: readonly number[]): LearnerPlan['streak'] {
  const days = [...new Set(times.map((at) => Math.floor(at / DAY)))].sort((a, b) => a - b);
  const last = days.at(-1);
  if (last === undefined) return null;
  let current = 0;
  let longest = 0;
  let previous: number | undefined;
  for (const day of days) {
    current = previous !== undefined && day === previous + 1 ? current + 1 : 1;
    longest = Math.max(longest, current);
    previous = day;
  }
  return { currentDays: current, longestDays: longest, lastActiveOn: new Date(last * DAY).toISOString().slice(0, 10) };
}
