/**
 * A learner's place in a course, and how a change moves it. Pure.
 */
import { type Counters, isDone, percentageOf } from '../completion/percentage.ts';

export interface Enrollment extends Counters {
  readonly id: string;
  readonly learnerId: string;
  readonly courseId: string;
  readonly status: 'ACTIVE' | 'COMPLETED' | 'WITHDRAWN';
  /** Gradable problems whose latest answer is correct. */
  readonly correctProblems: number;
  readonly percentage: number;
  /** Grows by one with each change of progress. */
  readonly revision: number;
  readonly enrolledAt: Date;
  /** When the course was first completed; kept when the course grows afterwards. */
  readonly completedAt: Date | null;
}

/** What a change adds to the counters; what is left out stays. */
export interface Gains {
  readonly completedLessons?: number;
  readonly answeredProblems?: number;
  /** −1 when a problem that was right is now answered wrongly. */
  readonly correctProblems?: number;
}

/** The enrolment right after a change. The learner is at the course again, even if it had been left. */
export function advance(enrollment: Enrollment, gains: Gains, at: Date): Enrollment {
  const counted = {
    ...enrollment,
    completedLessons: enrollment.completedLessons + (gains.completedLessons ?? 0),
    answeredProblems: enrollment.answeredProblems + (gains.answeredProblems ?? 0),
    correctProblems: enrollment.correctProblems + (gains.correctProblems ?? 0),
  };
  const done = isDone(counted);
  return {
    ...counted,
    percentage: percentageOf(counted),
    status: done ? 'COMPLETED' : 'ACTIVE',
    completedAt: enrollment.completedAt ?? (done ? at : null),
    revision: enrollment.revision + 1,
  };
}
