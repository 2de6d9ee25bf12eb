/**
 * Streaks, one row per learner, on the learner's shard.
 */
import type { DatabaseSession, Tx } from '@lyceum/database';
import { dayOf, extendStreak, noStreak, type Streak } from './streak.ts';

interface StreakRow {
  readonly currentDays: number;
  readonly longestDays: number;
  readonly lastActiveOn: Date;
}

const toStreak = (row: StreakRow): Streak => ({ ...row, lastActiveOn: dayOf(row.lastActiveOn) });
const columns = { currentDays: true, longestDays: true, lastActiveOn: true } as const;

export function createStreakRepository(session: DatabaseSession<'progress'>) {
  return {
    async find(learnerId: string): Promise<Streak> {
      const client = await session.read(learnerId);
      const row = await client.learnerStreak.findUnique({ where: { learnerId }, select: columns });
      return row ? toStreak(row) : noStreak;
    },

    /** Records activity on a day. Idempotent per day; concurrent changes of a learner take turns. */
    async extend(tx: Tx<'progress'>, learnerId: string, day: string): Promise<void> {
      const before = (await lock(tx, learnerId)) ?? (await begin(tx, learnerId, day));
      const after = extendStreak(before, day);
      if (after === before) return;
      await tx.$executeRaw`
        UPDATE learner_streak
        SET current_days = ${after.currentDays}, longest_days = ${after.longestDays}, last_active_on = ${day}::date
        WHERE learner_id = ${learnerId}::uuid`;
    },
  };
}

export type StreakRepository = ReturnType<typeof createStreakRepository>;

async function lock(tx: Tx<'progress'>, learnerId: string): Promise<Streak | null> {
  const rows = await tx.$queryRaw<StreakRow[]>`
    SELECT current_days AS "currentDays", longest_days AS "longestDays", last_active_on AS "lastActiveOn"
    FROM learner_streak WHERE learner_id = ${learnerId}::uuid FOR UPDATE`;
  return rows[0] ? toStreak(rows[0]) : null;
}

/** The first day of a learner, or what a concurrent change made the first. */
async function begin(tx: Tx<'progress'>, learnerId: string, day: string): Promise<Streak> {
  const first = extendStreak(noStreak, day);
  const { count } = await tx.learnerStreak.createMany({
    data: { learnerId, ...toRow(first, day) },
    skipDuplicates: true,
  });
  return count === 1 ? first : ((await lock(tx, learnerId)) ?? first);
}

function toRow({ currentDays, longestDays }: Streak, day: string): StreakRow {
  return { currentDays, longestDays, lastActiveOn: new Date(day) };
}
