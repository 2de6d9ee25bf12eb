/**
 * The repositories of one session, and the services that change a learner's progress through them.
 *
 * Apart from the context, which needs the whole process: benches measure what learners do with this and a database.
 */
import type { Clock } from '@lyceum/service-kit';
import { createActivityRepository } from './activity/activity.repository.ts';
import { createAnswersRepository } from './answers/answers.repository.ts';
import { createAnswersService } from './answers/answers.service.ts';
import { createCompletionRepository } from './completion/completion.repository.ts';
import { createCompletionService } from './completion/completion.service.ts';
import { createProgressRecorder } from './completion/progress.recorder.ts';
import { createEnrollmentRepository } from './enrollment/enrollment.repository.ts';
import { createEnrollmentService } from './enrollment/enrollment.service.ts';
import { createPointsRepository } from './leaderboard/points.repository.ts';
import { outlineReads } from './outline/outline.repository.ts';
import type { Session } from './resources.ts';
import { createStreakRepository } from './streak/streak.repository.ts';

export function createLearning(session: Session, clock: Clock) {
  const enrollments = createEnrollmentRepository(session);
  const lessons = createCompletionRepository(session);
  const answers = createAnswersRepository(session);
  const activity = createActivityRepository(session);
  const streaks = createStreakRepository(session);
  const points = createPointsRepository(session);
  const recorder = createProgressRecorder({ enrollments, activity, streaks, points, clock });
  const shared = { session, enrollments, outlines: outlineReads, recorder, clock };
  return {
    repositories: { enrollments, lessons, answers, activity, streaks, points },
    services: {
      enrollment: createEnrollmentService(shared),
      completion: createCompletionService({ ...shared, lessons }),
      answers: createAnswersService({ ...shared, answers }),
    },
  };
}
