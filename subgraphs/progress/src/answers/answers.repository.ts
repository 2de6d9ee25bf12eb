/**
 * Answers of learners, on the learner's shard. Every statement carries the learner's id.
 *
 * All attempts are kept; `problem_state` holds that a problem is answered and whether the latest answer is right.
 */
import type { Grading } from '@lyceum/contracts';
import { type DatabaseSession, isId, newIdBeside, type Tx } from '@lyceum/database';
import type { OutlineProblem } from '../outline/outline.repository.ts';
import { type GradedAnswer, type Solution, solutionOf } from './grading.ts';

export interface Attempt {
  readonly id: string;
  readonly problemId: string;
  readonly choiceIds: readonly string[];
  readonly response: string | null;
  readonly correct: boolean;
  readonly submittedAt: Date;
}

/** How an attempt changes what is counted. */
export interface AttemptGains {
  readonly answeredProblems: number;
  readonly correctProblems: number;
  /** Whether it is the first correct one of all. */
  readonly problemSolved: boolean;
}

const attemptsMax = 20;
const columns = {
  id: true,
  problemId: true,
  choiceIds: true,
  response: true,
  correct: true,
  submittedAt: true,
} as const;

export function createAnswersRepository(session: DatabaseSession<'progress'>) {
  return {
    async byIds(learnerId: string, ids: readonly string[]): Promise<Map<string, Attempt>> {
      const client = await session.read(learnerId);
      const where = { learnerId, id: { in: ids.filter(isId) } };
      const rows = await client.problemAttempt.findMany({ where, select: columns });
      return new Map(rows.map((row) => [row.id, row]));
    },

    /** Latest first, at most 20 for each problem. One query for all of them. */
    async latest(learnerId: string, problemIds: readonly string[]): Promise<Map<string, Attempt[]>> {
      const client = await session.read(learnerId);
      const rows = await client.$queryRaw<Attempt[]>`
        SELECT a.id, a.problem_id AS "problemId", a.choice_ids AS "choiceIds", a.response, a.correct,
          a.submitted_at AS "submittedAt"
        FROM unnest(${problemIds.filter(isId)}::uuid[]) AS asked(problem_id)
        CROSS JOIN LATERAL (
          SELECT * FROM problem_attempt
          WHERE learner_id = ${learnerId}::uuid AND problem_id = asked.problem_id
          ORDER BY submitted_at DESC, id DESC LIMIT ${attemptsMax}
        ) AS a
        ORDER BY a.submitted_at DESC, a.id DESC`;
      return Map.groupBy(rows, ({ problemId }) => problemId);
    },

    /** Only of problems the learner has answered. One query for all of them. */
    async solutions(learnerId: string, problemIds: readonly string[]): Promise<Map<string, Solution>> {
      const client = await session.read(learnerId);
      const rows = await client.$queryRaw<{ problemId: string; grading: Grading; explanation: string }[]>`
        SELECT op.problem_id AS "problemId", op.grading, op.explanation
        FROM outline_problem op
        JOIN problem_state ps ON ps.problem_id = op.problem_id AND ps.learner_id = ${learnerId}::uuid
        WHERE op.problem_id = ANY(${problemIds.filter(isId)}::uuid[])`;
      return new Map(rows.map((row) => [row.problemId, solutionOf(row.grading, row.explanation)]));
    },

    /** Expects the enrolment to be locked, so that attempts of one learner and course come one after the other. */
    async add(
      tx: Tx<'progress'>,
      learnerId: string,
      { problemId, courseId }: OutlineProblem,
      { choiceIds, response, correct }: GradedAnswer,
      submittedAt: Date,
    ): Promise<{ attempt: Attempt; gains: AttemptGains }> {
      const key = { learnerId_problemId: { learnerId, problemId } };
      const before = await tx.problemState.findUnique({ where: key, select: { correct: true } });
      // The state tells of the latest answer alone: one that was right, then wrong, has earned its points.
      const problemSolved = correct && !before?.correct && !(before && (await hasSolved(tx, learnerId, problemId)));
      const answer = { correct, answeredAt: submittedAt };
      await tx.problemState.upsert({
        where: key,
        create: { learnerId, problemId, courseId, ...answer },
        update: { ...answer, attempts: { increment: 1 } },
      });
      const attempt = await tx.problemAttempt.create({
        data: {
          id: newIdBeside(learnerId),
          learnerId,
          problemId,
          courseId,
          choiceIds: [...choiceIds],
          response,
          correct,
          submittedAt,
        },
        select: columns,
      });
      const gains = {
        answeredProblems: before ? 0 : 1,
        correctProblems: Number(correct) - Number(before?.correct ?? false),
        problemSolved,
      };
      return { attempt, gains };
    },
  };
}

async function hasSolved(tx: Tx<'progress'>, learnerId: string, problemId: string): Promise<boolean> {
  const where = { learnerId, problemId, correct: true };
  return (await tx.problemAttempt.findFirst({ where, select: { id: true } })) !== null;
}

export type AnswersRepository = ReturnType<typeof createAnswersRepository>;
