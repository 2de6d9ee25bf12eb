/**
 * A learner's tokens of a day: reserved by jobs under way, spent by jobs that ended. On the learner's shard.
 *
 * The worker settles when a job ends: it returns the job's reservation and adds what was used to `spent`.
 */
import type { Tx } from '@lyceum/database';

export interface Budget {
  readonly reserved: number;
  readonly spent: number;
}

export const budgetRepository = {
  /** What the day holds so far. The row is locked until the transaction ends: a learner's requests take turns. */
  async hold(tx: Tx<'ai'>, learnerId: string, day: string): Promise<Budget> {
    const rows = await tx.$queryRaw<Budget[]>`
      INSERT INTO ai_budget (learner_id, day) VALUES (${learnerId}::uuid, ${day}::date)
      ON CONFLICT (learner_id, day) DO UPDATE SET reserved = ai_budget.reserved
      RETURNING reserved, spent`;
    return rows[0]!;
  },

  /** A negative number returns a reservation. */
  async reserve(tx: Tx<'ai'>, learnerId: string, day: string, tokens: number): Promise<void> {
    await tx.aiBudget.updateMany({
      where: { learnerId, day: new Date(day) },
      data: { reserved: { increment: tokens } },
    });
  },
};

export type BudgetRepository = typeof budgetRepository;
