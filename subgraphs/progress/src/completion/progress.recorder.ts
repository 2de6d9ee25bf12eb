/**
 * Records one change of a learner's progress: counters, activity, streak and event, all in the caller's transaction.
 *
 * The caller holds the enrolment's lock and calls this once, after it wrote what changed. The event leaves last, so that
 * it carries the values right after the change.
 */
import { CourseCompleted, type PayloadOf, ProgressUpdated } from '@lyceum/contracts';
import type { Clock } from '@lyceum/service-kit';
import type { ActivityRepository } from '../activity/activity.repository.ts';
import type { EnrollmentRepository } from '../enrollment/enrollment.repository.ts';
import { advance, type Enrollment, type Gains } from '../enrollment/enrollment.ts';
import type { Session } from '../resources.ts';
import type { StreakRepository } from '../streak/streak.repository.ts';
import { dayOf } from '../streak/streak.ts';

export type Tx = Parameters<Parameters<Session['transaction']>[1]>[0];

export interface ProgressChange extends Gains {
  readonly reason: PayloadOf<typeof ProgressUpdated>['reason'];
  /** The lesson touched; null for an enrolment. */
  readonly lessonId: string | null;
}

export interface ProgressRecorderOptions {
  readonly enrollments: EnrollmentRepository;
  readonly activity: ActivityRepository;
  readonly streaks: StreakRepository;
  readonly clock: Clock;
}

export function createProgressRecorder({ enrollments, activity, streaks, clock }: ProgressRecorderOptions) {
  return {
    /** Returns the enrolment right after the change. */
    async record(tx: Tx, before: Enrollment, change: ProgressChange): Promise<Enrollment> {
      const at = clock.now();
      const after = advance(before, change, at);
      const { learnerId, courseId } = after;
      await enrollments.save(tx, after);
      await activity.add(tx, learnerId, { kind: change.reason, courseId, lessonId: change.lessonId, occurredAt: at });
      if (before.completedAt === null && after.completedAt !== null) {
        // One millisecond later, so that it sorts behind what completed the course.
        const occurredAt = new Date(at.getTime() + 1);
        await activity.add(tx, learnerId, { kind: 'COURSE_COMPLETED', courseId, lessonId: null, occurredAt });
        await tx.outbox.add(CourseCompleted, { learnerId, courseId, enrollmentId: after.id });
      }
      await streaks.extend(tx, learnerId, dayOf(at));
      await tx.outbox.add(ProgressUpdated, eventOf(after, change));
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
