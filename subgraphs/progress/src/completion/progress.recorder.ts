/**
 * Records one change of a learner's progress: counters, activity, streak, points and events, all in the caller's transaction.
 *
 * The caller holds the enrolment's lock and calls this once, after it wrote what changed. Events leave last, so that they
 * carry the values right after the change; those of the course last of all, because from there on to the commit the
 * changes of all its learners on this shard take turns.
 */
import { CourseActivity, CourseCompleted, type PayloadOf, PointsAwarded, ProgressUpdated } from '@lyceum/contracts';
import type { Clock } from '@lyceum/service-kit';
import type { ActivityRepository } from '../activity/activity.repository.ts';
import type { EnrollmentRepository } from '../enrollment/enrollment.repository.ts';
import { advance, type Enrollment, type Gains } from '../enrollment/enrollment.ts';
import { periodOf, WINDOWS } from '../leaderboard/period.ts';
import type { PointsRepository } from '../leaderboard/points.repository.ts';
import { pointsFor } from '../leaderboard/points.ts';
import type { Session } from '../resources.ts';
import type { StreakRepository } from '../streak/streak.repository.ts';
import { dayOf } from '../streak/streak.ts';

export type Tx = Parameters<Parameters<Session['transaction']>[1]>[0];

export interface ProgressChange extends Gains {
  readonly reason: PayloadOf<typeof ProgressUpdated>['reason'];
  /** The lesson touched; null for an enrolment. */
  readonly lessonId: string | null;
  /** A problem was answered correctly for the first time. */
  readonly problemSolved?: boolean;
}

export interface ProgressRecorderOptions {
  readonly enrollments: EnrollmentRepository;
  readonly activity: ActivityRepository;
  readonly streaks: StreakRepository;
  readonly points: PointsRepository;
  readonly clock: Clock;
}

export function createProgressRecorder({ enrollments, activity, streaks, points, clock }: ProgressRecorderOptions) {
  async function award(tx: Tx, { learnerId, courseId }: Enrollment, earned: number, at: Date): Promise<void> {
    if (earned === 0) return;
    const periods = WINDOWS.map((window) => periodOf(window, at));
    const totals = await points.add(tx, { learnerId, courseId, periods, points: earned, at });
    await tx.outbox.add(PointsAwarded, { learnerId, courseId, reachedAt: at.toISOString(), totals });
  }

  async function complete(tx: Tx, { id, learnerId, courseId }: Enrollment, at: Date): Promise<void> {
    await tx.outbox.add(CourseCompleted, { learnerId, courseId, enrollmentId: id });
    // One millisecond later, so that it sorts behind what completed the course.
    const occurredAt = new Date(at.getTime() + 1);
    await activity.add(tx, learnerId, { kind: 'COURSE_COMPLETED', courseId, lessonId: null, occurredAt });
  }

  return {
    /** Returns the enrolment right after the change. */
    async record(tx: Tx, before: Enrollment, change: ProgressChange): Promise<Enrollment> {
      const at = clock.now();
      const after = advance(before, change, at);
      const { learnerId, courseId } = after;
      const courseCompleted = before.completedAt === null && after.completedAt !== null;
      const lessonCompleted = change.reason === 'LESSON_COMPLETED';
      const earned = pointsFor({ lessonCompleted, problemSolved: change.problemSolved ?? false, courseCompleted });
      // Sent one after the other, in this order, without waiting between them.
      await Promise.all([
        enrollments.save(tx, after),
        activity.add(tx, learnerId, { kind: change.reason, courseId, lessonId: change.lessonId, occurredAt: at }),
        courseCompleted && complete(tx, after, at),
        streaks.extend(tx, learnerId, dayOf(at)),
        award(tx, after, earned, at),
      ]);
      await tx.outbox.add(ProgressUpdated, eventOf(after, change));
      await tx.outbox.add(CourseActivity, { courseId, kind: change.reason, lessonId: change.lessonId });
      if (courseCompleted) await tx.outbox.add(CourseActivity, { courseId, kind: 'COURSE_COMPLETED', lessonId: null });
      return after;
    },
  };
}

export type ProgressRecorder = ReturnType<typeof createProgressRecorder>;

function eventOf(after: Enrollment, change: ProgressChange): PayloadOf<typeof ProgressUpdated> {
  return {
    learnerId: after.learnerId,
    courseId: after.courseId,
    enrollmentId: after.id,
    reason: change.reason,
    lessonId: change.lessonId,
    completedLessons: after.completedLessons,
    totalLessons: after.totalLessons,
    answeredProblems: after.answeredProblems,
    correctProblems: after.correctProblems,
    totalProblems: after.totalProblems,
    percentage: after.percentage,
    revision: after.revision,
  };
}
