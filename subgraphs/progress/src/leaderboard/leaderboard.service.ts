/**
 * Reads leaderboards: from Redis while it has the board complete, else from Postgres, and lets it be filled again.
 */
import type { Viewer } from '@lyceum/contracts';
import { badInput, type Clock, type Logger } from '@lyceum/service-kit';
import type { BoardFiller } from './board-filler.ts';
import type { Boards } from './boards.ts';
import { firstDayOf, type LeaderboardWindow, periodOf } from './period.ts';
import type { BoardKey, PointsRepository } from './points.repository.ts';
import { pointsOf, type Scored } from './points.ts';

export interface LeaderboardEntry {
  /** From 1. */
  readonly rank: number;
  readonly points: number;
  readonly learnerId: string;
}

export interface Leaderboard {
  readonly courseId: string;
  readonly window: LeaderboardWindow;
  /** The first day that counts; null for all time. */
  readonly since: string | null;
  readonly entries: readonly LeaderboardEntry[];
}

export interface Standing {
  readonly rank: number;
  readonly points: number;
  readonly neighbours: readonly LeaderboardEntry[];
}

export interface LeaderboardServiceOptions {
  readonly points: PointsRepository;
  readonly boards: Boards;
  readonly filler: BoardFiller;
  readonly clock: Clock;
  readonly log: Logger;
}

const FIRST_MAX = 100;
const NEIGHBOURS_MAX = 20;

export function createLeaderboardService({ points, boards, filler, clock, log }: LeaderboardServiceOptions) {
  /** Null, and the board will be there later, if Redis has it not or not whole. */
  async function fromRedis<T>(board: BoardKey, read: () => Promise<T | null>): Promise<T | null> {
    try {
      const found = await read();
      if (found === null) filler.fill(board);
      return found;
    } catch (err) {
      log.debug({ err, ...board }, 'no leaderboard from Redis, Postgres answers');
      return null;
    }
  }

  return {
    /** The best first. Throws BAD_USER_INPUT naming `first`. */
    async top(courseId: string, window: LeaderboardWindow, first: number): Promise<Leaderboard> {
      if (first < 1 || first > FIRST_MAX) throw badInput('first', `must be between 1 and ${FIRST_MAX}`);
      const now = clock.now();
      const board = { courseId, period: periodOf(window, now) };
      const top = (await fromRedis(board, () => boards.top(board, first))) ?? (await points.top(board, first));
      return { courseId, window, since: firstDayOf(window, now), entries: toEntries(top, 1) };
    },

    /**
     * Never older than what the viewer did: the viewer's own points are read from Postgres. Null without points, and
     * without a viewer. Throws BAD_USER_INPUT naming `neighbours`.
     */
    async standing(
      viewer: Viewer | null,
      courseId: string,
      window: LeaderboardWindow,
      neighbours: number,
    ): Promise<Standing | null> {
      if (neighbours < 0 || neighbours > NEIGHBOURS_MAX) {
        throw badInput('neighbours', `must be between 0 and ${NEIGHBOURS_MAX}`);
      }
      const board = { courseId, period: periodOf(window, clock.now()) };
      const me = viewer && (await points.find(viewer.id, board));
      if (!me) return null;
      const { rank, around } =
        (await fromRedis(board, () => boards.around(board, me, neighbours))) ??
        (await points.around(board, me, neighbours));
      const place = around.findIndex(({ learnerId }) => learnerId === me.learnerId);
      const own = around[place] ?? me;
      return { rank, points: pointsOf(own.score), neighbours: toEntries(around, rank - place) };
    },
  };
}

export type LeaderboardService = ReturnType<typeof createLeaderboardService>;

function toEntries(scored: readonly Scored[], firstRank: number): LeaderboardEntry[] {
  return scored.map(({ learnerId, score }, index) => ({ rank: firstRank + index, points: pointsOf(score), learnerId }));
}
