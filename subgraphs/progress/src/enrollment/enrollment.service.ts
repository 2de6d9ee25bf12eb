/**
 * Enrolling, leaving, and reading where a learner stands.
 */
import type { Viewer } from '@lyceum/contracts';
import { type Clock, notFound } from '@lyceum/service-kit';
import { type Connection, CursorPart, loadConnection, type PageArgs } from '@lyceum/subgraph-kit';
import { z } from 'zod';
import type { ProgressRecorder } from '../completion/progress.recorder.ts';
import type { OutlineReads } from '../outline/outline.repository.ts';
import type { Session } from '../resources.ts';
import type { EnrollmentPosition, EnrollmentRepository } from './enrollment.repository.ts';
import type { Enrollment } from './enrollment.ts';

/** The course does not exist, or takes no enrolment. */
export interface CourseNotAvailable {
  readonly message: string;
}

export interface EnrollmentServiceOptions {
  readonly session: Session;
  readonly enrollments: EnrollmentRepository;
  readonly outlines: OutlineReads;
  readonly recorder: ProgressRecorder;
  readonly clock: Clock;
}

const notAvailable: CourseNotAvailable = {
  message: 'The course does not exist, or takes no enrolment at present.',
};

const newestFirst = {
  cursor: z
    .tuple([CursorPart.instant, CursorPart.id])
    .transform(([enrolledAt, id]): EnrollmentPosition => ({ enrolledAt, id })),
  partsOf: ({ enrolledAt, id }: EnrollmentPosition) => [enrolledAt, id],
};

export function createEnrollmentService({ session, enrollments, outlines, recorder, clock }: EnrollmentServiceOptions) {
  return {
    /** Idempotent: a learner who is enrolled gets the same enrolment, and nothing is recorded. Coming back is recorded. */
    enroll(viewer: Viewer, courseId: string): Promise<Enrollment | CourseNotAvailable> {
      return session.transaction(viewer.id, async (tx) => {
        const course = await outlines.holdCourse(tx, courseId);
        if (!course) return notAvailable;
        let existing = await enrollments.lock(tx, viewer.id, courseId);
        if (existing && existing.status !== 'WITHDRAWN') return existing;
        if (!course.available) return notAvailable;
        if (!existing) {
          const inserted = await enrollments.insert(tx, viewer.id, course, clock.now());
          existing = await enrollments.lock(tx, viewer.id, courseId);
          if (!existing) throw notFound('ENROLLMENT_NOT_FOUND');
          if (!inserted) return existing;
        }
        return recorder.record(tx, existing, { reason: 'ENROLLED', lessonId: null });
      });
    },

    /** Idempotent. Throws ENROLLMENT_NOT_FOUND. */
    withdraw(viewer: Viewer, courseId: string): Promise<Enrollment> {
      return session.transaction(viewer.id, async (tx) => {
        const enrollment = await enrollments.lock(tx, viewer.id, courseId);
        if (!enrollment) throw notFound('ENROLLMENT_NOT_FOUND');
        if (enrollment.status === 'WITHDRAWN') return enrollment;
        const left: Enrollment = { ...enrollment, status: 'WITHDRAWN' };
        await enrollments.save(tx, left);
        return left;
      });
    },

    /** Newest first. Nobody but the person sees anything. Throws BAD_USER_INPUT naming `first` or `after`. */
    page(
      viewer: Viewer | null,
      personId: string,
      args: PageArgs,
      status: Enrollment['status'] | null,
    ): Promise<Connection<Enrollment>> {
      return loadConnection(args, newestFirst, async (after, limit) =>
        viewer?.id === personId ? enrollments.page(viewer.id, limit, after, status) : [],
      );
    },
  };
}

export type EnrollmentService = ReturnType<typeof createEnrollmentService>;
