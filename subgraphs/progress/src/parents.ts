/**
 * What the resolvers of a GraphQL type receive as their parent, named `<GraphQLType>Parent`; the generator reads this.
 */
import type { Activity } from './activity/activity.repository.ts';
import type { Attempt } from './answers/answers.repository.ts';
import type { AnswerOutcome } from './answers/answers.service.ts';
import type { Solution } from './answers/grading.ts';
import type { LessonProgress } from './completion/completion.repository.ts';
import type { CourseNotAvailable } from './enrollment/enrollment.service.ts';
import type { Enrollment } from './enrollment/enrollment.ts';
import type { Leaderboard, LeaderboardEntry, Standing } from './leaderboard/leaderboard.service.ts';
import type { Streak } from './streak/streak.ts';
import type { CourseActivity } from './subscription/course-activity.service.ts';
import type { ProgressUpdate } from './subscription/updates.service.ts';

/** An entity of another subgraph, by its key. */
interface EntityReference {
  readonly id: string;
}

export type UserParent = EntityReference;
export type CourseParent = EntityReference;
export type LessonParent = EntityReference;
export type ProblemBlockParent = EntityReference;

export type EnrollmentParent = Enrollment;
export type CourseNotAvailableParent = CourseNotAvailable;
/** The part of an enrolment, or of an event, that says how far the learner is. */
export type CourseProgressParent = Pick<
  Enrollment,
  | 'percentage'
  | 'completedLessons'
  | 'totalLessons'
  | 'answeredProblems'
  | 'correctProblems'
  | 'totalProblems'
  | 'revision'
>;
export type LessonProgressParent = LessonProgress;
export type ProblemAttemptParent = Attempt;
export type ProblemSolutionParent = Solution;
export type AnswerProblemPayloadParent = AnswerOutcome;
export type StreakParent = Streak;
export type ActivityParent = Activity;
export type ProgressUpdateParent = ProgressUpdate;
export type CourseActivityParent = CourseActivity;
export type LeaderboardParent = Leaderboard;
export type LeaderboardEntryParent = LeaderboardEntry;
export type StandingParent = Standing;
