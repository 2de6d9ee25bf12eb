/**
 * What the resolvers of a GraphQL type receive as their parent, named `<GraphQLType>Parent`; the generator reads this.
 */
import type { AiJobOutput } from '@lyceum/contracts';
import type { Job } from './jobs/job.ts';
import type { BudgetExceeded, LessonNotUsable, ProblemNotAnswered } from './jobs/requests.service.ts';
import type { JobUpdate } from './subscription/job-updates.service.ts';

/** An entity of another subgraph, by its key. */
interface EntityReference {
  readonly id: string;
}

export type UserParent = EntityReference;
export type LessonParent = EntityReference;

export type AiJobParent = Job;
export type QuizResultParent = Extract<AiJobOutput, { kind: 'QUIZ' }>;
export type SummaryResultParent = Extract<AiJobOutput, { kind: 'SUMMARY' }>;
export type ExplanationResultParent = Extract<AiJobOutput, { kind: 'EXPLANATION' }>;
export type BudgetExceededParent = BudgetExceeded;
export type LessonNotUsableParent = LessonNotUsable;
export type ProblemNotAnsweredParent = ProblemNotAnswered;
export type AiJobUpdateParent = JobUpdate;
