/**
 * Starting and completing lessons.
 *
 * One transaction on the learner's shard: the enrolment's row is locked first, so that two sockets of one learner take
 * turns and no count is lost; whether anything changed is decided by the statement that writes it.
 */
import type { Viewer } from '@lyceum/contracts';
import { type Clock, LyceumError, notFound } from '@lyceum/service-kit';
import type { EnrollmentRepository } from '../enrollment/enrollment.repository.ts';
import type { Enrollment } from '../enrollment/enrollment.ts';
import type { OutlineReads } from '../outline/outline.repository.ts';
import type { Session } from '../resources.ts';
import type { CompletionRepository, LessonProgress } from './completion.repository.ts';
import type { ProgressRecorder, Tx } from './progress.recorder.ts';

export interface CompletionServiceOptions {
  readonly session: Session;
  readonly enrollments: EnrollmentRepository;
  readonly outlines: OutlineReads;
  readonly lessons: CompletionRepository;
  readonly recorder: ProgressRecorder;
  readonly clock: Clock;
}

export function createCompletionService(options: CompletionServiceOptions) {
  const { session, enrollments, outlines, lessons, recorder, clock } = options;

  async function lockEnrollment(tx: Tx, viewer: Viewer, lessonId: string): Promise<Enrollment> {
    const courseId = await outlines.courseOfLesson(tx, lessonId);
    if (!courseId) throw notFound('LESSON_NOT_FOUND');
    const enrollment = await enrollments.lock(tx, viewer.id, courseId);
    if (!enrollment || enrollment.status === 'WITHDRAWN') throw new LyceumError('NOT_ENROLLED');
    return enrollment;
  }

  return {
    /** Idempotent: starting a lesson twice returns the same state and emits nothing new. Throws LESSON_NOT_FOUND, NOT_ENROLLED. */
    start(viewer: Viewer, lessonId: string): Promise<LessonProgress> {
      return session.transaction(viewer.id, async (tx) => {
        const enrollment = await lockEnrollment(tx, viewer, lessonId);
        const changed = await lessons.start(tx, viewer.id, lessonId, clock.now());
        if (changed) await recorder.record(tx, enrollment, { reason: 'LESSON_STARTED', lessonId });
        return lessons.find(tx, viewer.id, lessonId);
      });
    },

    /** Idempotent: completing a lesson twice returns the same progress and emits nothing new. Throws LESSON_NOT_FOUND, NOT_ENROLLED. */
    complete(viewer: Viewer, lessonId: string): Promise<Enrollment> {
      return session.transaction(viewer.id, async (tx) => {
        const enrollment = await lockEnrollment(tx, viewer, lessonId);
        const changed = await lessons.complete(tx, viewer.id, lessonId, clock.now());
        if (!changed) return enrollment;
        return recorder.record(tx, enrollment, { reason: 'LESSON_COMPLETED', lessonId, completedLessons: 1 });
      });
    },
  };
}

export type CompletionService = ReturnType<typeof createCompletionService>;
