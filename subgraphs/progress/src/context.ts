/**
 * What a resolver is given: the viewer, and services and loaders made for this one request, or one event of a
 * subscription.
 *
 * Made afresh each time, so that no row read for one viewer is handed to another, and that all reads of a request see
 * what its viewer wrote before.
 */
import type { BaseContext, ContextSource } from '@lyceum/subgraph-kit';
import { type ActivityService, createActivityService } from './activity/activity.service.ts';
import { type AnswersLoaders, createAnswersLoaders } from './answers/answers.loaders.ts';
import type { AnswersService } from './answers/answers.service.ts';
import { type CompletionLoaders, createCompletionLoaders } from './completion/completion.loaders.ts';
import type { CompletionService } from './completion/completion.service.ts';
import { createEnrollmentLoaders, type EnrollmentLoaders } from './enrollment/enrollment.loaders.ts';
import type { EnrollmentService } from './enrollment/enrollment.service.ts';
import { type BoardChangesService, createBoardChangesService } from './leaderboard/board-changes.service.ts';
import { createLeaderboardService, type LeaderboardService } from './leaderboard/leaderboard.service.ts';
import type { Leaderboards } from './leaderboard/leaderboards.ts';
import { createLearning } from './learning.ts';
import { createPublishedOutlines } from './outline/outline.repository.ts';
import type { Resources } from './resources.ts';
import { createStreakService, type StreakService } from './streak/streak.service.ts';
import { type CourseActivityService, createCourseActivityService } from './subscription/course-activity.service.ts';
import { createUpdatesService, type UpdatesService } from './subscription/updates.service.ts';

export interface ProgressContext extends BaseContext {
  readonly services: {
    readonly enrollment: EnrollmentService;
    readonly completion: CompletionService;
    readonly answers: AnswersService;
    readonly activity: ActivityService;
    readonly streaks: StreakService;
    readonly updates: UpdatesService;
    readonly courseActivity: CourseActivityService;
    readonly leaderboards: LeaderboardService;
    readonly boardChanges: BoardChangesService;
  };
  readonly loaders: EnrollmentLoaders & CompletionLoaders & AnswersLoaders;
}

export function createContext(
  { clock, database, topics }: Resources,
  { boards, filler, looks }: Leaderboards,
  source: ContextSource,
): ProgressContext {
  const { viewer, positions, envelope, log } = source;
  const session = database.session(viewer?.id ?? null, positions, envelope && 'realtime');
  const learning = createLearning(session, clock);
  const { enrollments, lessons, answers, activity, streaks, points } = learning.repositories;
  const outlines = createPublishedOutlines(session);
  return {
    ...source,
    services: {
      ...learning.services,
      activity: createActivityService(activity),
      streaks: createStreakService(streaks, clock),
      updates: createUpdatesService({ topics, enrollments, clock }),
      courseActivity: createCourseActivityService(topics, outlines),
      leaderboards: createLeaderboardService({ points, boards, filler, clock, log }),
      boardChanges: createBoardChangesService({ topics, outlines, looks, log }),
    },
    loaders: {
      ...createEnrollmentLoaders(viewer, enrollments),
      ...createCompletionLoaders(viewer, lessons),
      ...createAnswersLoaders(viewer, answers),
    },
  };
}
