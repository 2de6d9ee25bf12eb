/**
 * Points of learners, on the learner's shard: the truth behind every leaderboard. A board is spread over all shards.
 */
import { type Client, type Consistency, type DatabaseSession, isId, type Sql, type Tx } from '@lyceum/database';
import { byScore, POINTS_MAX, type Scored, scoreOf } from './points.ts';

/** All points of a learner in a course and period. */
export interface PeriodTotal {
  readonly period: string;
  readonly points: number;
}

/** One period of one course. */
export interface BoardKey {
  readonly courseId: string;
  readonly period: string;
}

/** A learner's place, and who stands right above and below. */
export interface Surroundings {
  /** From 1. */
  readonly rank: number;
  /** The learner included, the best first. */
  readonly around: readonly Scored[];
}

interface ScoreRow {
  readonly learnerId: string;
  readonly score: bigint;
}

/** Safe: scores fit a double (points.ts). */
const toScored = ({ learnerId, score }: ScoreRow): Scored => ({ learnerId, score: Number(score) });

export function createPointsRepository(session: DatabaseSession<'progress'>) {
  return {
    /** Returns the totals right after. Expects the enrolment to be locked: changes of one learner and course take turns. */
    async add(
      tx: Tx<'progress'>,
      {
        learnerId,
        courseId,
        periods,
        points,
        at,
      }: {
        readonly learnerId: string;
        readonly courseId: string;
        readonly periods: readonly string[];
        readonly points: number;
        readonly at: Date;
      },
    ): Promise<PeriodTotal[]> {
      return tx.$queryRaw<PeriodTotal[]>`
        INSERT INTO course_points AS cp (learner_id, course_id, period, points, score)
        SELECT ${learnerId}::uuid, ${courseId}::uuid, period, ${points}::int, ${scoreOf(points, at)}::bigint
        FROM unnest(${periods}::text[]) AS period
        ON CONFLICT (learner_id, course_id, period) DO UPDATE SET
          points = least(cp.points + EXCLUDED.points, ${POINTS_MAX}::int),
          score = (least(cp.points + EXCLUDED.points, ${POINTS_MAX}::int)::bigint << 32) + (EXCLUDED.score & 4294967295)
        RETURNING period, points`;
    },

    /** Null without points. */
    async find(learnerId: string, { courseId, period }: BoardKey): Promise<Scored | null> {
      if (!isId(courseId)) return null;
      const client = await session.read(learnerId);
      const key = { learnerId_courseId_period: { learnerId, courseId, period } };
      const row = await client.coursePoints.findUnique({ where: key, select: { learnerId: true, score: true } });
      return row && toScored(row);
    },

    /** The best first. */
    async top({ courseId, period }: BoardKey, count: number, consistency?: Consistency): Promise<Scored[]> {
      if (!isId(courseId)) return [];
      const rows = await session.everyShard(
        (client, place) => client.$queryRaw<ScoreRow[]>`
          SELECT learner_id AS "learnerId", score FROM course_points
          WHERE course_id = ${courseId}::uuid AND period = ${period} ${place.owned('learner_id')}
          ORDER BY score DESC, learner_id DESC LIMIT ${count}`,
        consistency,
      );
      return rows.flat().map(toScored).sort(byScore).slice(0, count);
    },

    /** Where a learner stands with this score, and up to `neighbours` on either side. */
    async around({ courseId, period }: BoardKey, me: Scored, neighbours: number): Promise<Surroundings> {
      const shards = await session.everyShard(async (client, place) => {
        const owned = place.owned('learner_id');
        const [[above], better, worse] = await Promise.all([
          client.$queryRaw<{ count: number }[]>`
            SELECT count(*)::int AS count FROM course_points
            WHERE course_id = ${courseId}::uuid AND period = ${period}
              AND (score, learner_id) > (${me.score}::bigint, ${me.learnerId}::uuid)
              AND learner_id <> ${me.learnerId}::uuid ${owned}`,
          beyond(client, { courseId, period }, me, neighbours, owned),
          client.$queryRaw<ScoreRow[]>`
            SELECT learner_id AS "learnerId", score FROM course_points
            WHERE course_id = ${courseId}::uuid AND period = ${period}
              AND (score, learner_id) < (${me.score}::bigint, ${me.learnerId}::uuid) ${owned}
            ORDER BY score DESC, learner_id DESC LIMIT ${neighbours}`,
        ]);
        return { above: above?.count ?? 0, better, worse };
      });
      // The learner may have risen since the score was read, and then stands above it.
      const others = (rows: ScoreRow[]) =>
        rows
          .map(toScored)
          .filter(({ learnerId }) => learnerId !== me.learnerId)
          .sort(byScore);
      const better = others(shards.flatMap((shard) => shard.better)).slice(-neighbours);
      const worse = others(shards.flatMap((shard) => shard.worse)).slice(0, neighbours);
      const rank = 1 + shards.reduce((sum, { above }) => sum + above, 0);
      return { rank, around: [...better, me, ...worse] };
    },

    /**
     * Hands out the whole board as last committed, in pages of unspecified order. Within a shard the pages go upwards, the
     * way in which scores change: who rises meanwhile may come twice, but is not passed over.
     */
    async eachPage(board: BoardKey, pageSize: number, use: (page: readonly Scored[]) => Promise<void>): Promise<void> {
      if (!isId(board.courseId)) return;
      await session.everyShard(async (client, place) => {
        let last: Scored = { learnerId: '00000000-0000-0000-0000-000000000000', score: 0 };
        for (;;) {
          const page = (await beyond(client, board, last, pageSize, place.owned('learner_id'))).map(toScored);
          if (page.length > 0) await use(page);
          if (page.length < pageSize) return;
          last = page.at(-1) ?? last;
        }
      }, 'primary');
    },
  };
}

export type PointsRepository = ReturnType<typeof createPointsRepository>;

/** Those right above a place, the nearest first. */
function beyond(
  client: Client<'progress'>,
  { courseId, period }: BoardKey,
  { score, learnerId }: Scored,
  count: number,
  owned: Sql,
): Promise<ScoreRow[]> {
  return client.$queryRaw<ScoreRow[]>`
    SELECT learner_id AS "learnerId", score FROM course_points
    WHERE course_id = ${courseId}::uuid AND period = ${period}
      AND (score, learner_id) > (${score}::bigint, ${learnerId}::uuid) ${owned}
    ORDER BY score, learner_id LIMIT ${count}`;
}
