/**
 * Answering problems. Graded by the local outline, so that the answer key never leaves the services.
 */
import type { Viewer } from '@lyceum/contracts';
import { type Clock, LyceumError, notFound } from '@lyceum/service-kit';
import type { ProgressRecorder } from '../completion/progress.recorder.ts';
import type { EnrollmentRepository } from '../enrollment/enrollment.repository.ts';
import type { Enrollment } from '../enrollment/enrollment.ts';
import type { OutlineReads } from '../outline/outline.repository.ts';
import type { Session } from '../resources.ts';
import type { AnswersRepository, Attempt } from './answers.repository.ts';
import { type Answer, grade, type Solution, solutionOf } from './grading.ts';

export interface AnswerOutcome {
  readonly attempt: Attempt;
  readonly solution: Solution;
  readonly progress: Enrollment;
}

export interface AnswersServiceOptions {
  readonly session: Session;
  readonly enrollments: EnrollmentRepository;
  readonly outlines: OutlineReads;
  readonly answers: AnswersRepository;
  readonly recorder: ProgressRecorder;
  readonly clock: Clock;
}

export function createAnswersService(options: AnswersServiceOptions) {
  const { session, enrollments, outlines, answers, recorder, clock } = options;
  return {
    /** Each call is an attempt. Throws PROBLEM_NOT_FOUND, NOT_ENROLLED, ANSWER_INVALID. */
    answer(viewer: Viewer, problemId: string, answer: Answer): Promise<AnswerOutcome> {
      return session.transaction(viewer.id, async (tx) => {
        const courseId = await outlines.courseOfProblem(tx, problemId);
        if (!courseId) throw notFound('PROBLEM_NOT_FOUND');
        const enrollment = await enrollments.lock(tx, viewer.id, courseId);
        if (!enrollment || enrollment.status === 'WITHDRAWN') throw new LyceumError('NOT_ENROLLED');
        // Read under the lock: a problem that has just left the course must not be counted.
        const problem = await outlines.problem(tx, problemId);
        if (!problem) throw notFound('PROBLEM_NOT_FOUND');
        const graded = grade(problem.grading, answer);
        const { attempt, gains } = await answers.add(tx, viewer.id, problem, graded, clock.now());
        const change = { reason: 'PROBLEM_ANSWERED', lessonId: problem.lessonId, ...gains } as const;
        const progress = await recorder.record(tx, enrollment, change);
        return { attempt, solution: solutionOf(problem.grading, problem.explanation), progress };
      });
    },
  };
}

export type AnswersService = ReturnType<typeof createAnswersService>;
