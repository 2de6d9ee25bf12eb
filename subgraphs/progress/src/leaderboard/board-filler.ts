/**
 * Fills boards that Redis does not have from the points of all shards, in the background: readers ask Postgres meanwhile.
 *
 * One filler at a time for each board, by a lock in Redis. The lock saves work and keeps nothing right: two fillers do no
 * harm. It is kept after a failure, so that the next try comes a little later.
 */
import { randomUUID } from 'node:crypto';
import { type Logger, LyceumError, type Redis, type RedisKeys } from '@lyceum/service-kit';
import type { Boards } from './boards.ts';
import type { BoardKey, PointsRepository } from './points.repository.ts';

export interface BoardFiller {
  /** Returns at once. Does nothing while the board is being filled, here or elsewhere. */
  fill(board: BoardKey): void;
  /** Gives up what is not finished. */
  close(): Promise<void>;
}

export interface BoardFillerOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly boards: Boards;
  readonly points: PointsRepository;
  readonly log: Logger;
}

/** Who dies while filling holds the others up for so long. */
const LOCK_MS = 15_000;
/** Fits one call of a Redis script: Lua unpacks some 8,000 values. */
const PAGE_SIZE = 1_000;
/** A reader may ask for any course: more boards than this wait for a later reader. */
const AT_ONCE = 4;

export function createBoardFiller({ redis, keys, boards, points, log }: BoardFillerOptions): BoardFiller {
  const running = new Map<string, Promise<void>>();
  const stopping = new AbortController();

  async function fill(board: BoardKey): Promise<void> {
    const lock = keys.leaderboardLock(board.courseId, board.period);
    if ((await redis.set(lock, '1', 'PX', LOCK_MS, 'NX')) === null) return;
    const filling = await boards.beginFilling(board, randomUUID());
    let learners = 0;
    await points.eachPage(board, PAGE_SIZE, async (page) => {
      stopping.signal.throwIfAborted();
      if (!(await filling.add(page))) throw lost();
      learners += page.length;
    });
    if (!(await filling.finish())) throw lost();
    await redis.del(lock);
    log.info({ ...board, learners }, 'leaderboard filled');
  }

  return {
    fill(board) {
      const key = keys.leaderboard(board.courseId, board.period);
      if (running.has(key) || running.size >= AT_ONCE || stopping.signal.aborted) return;
      const task = fill(board)
        .catch((err) => log.warn({ err, ...board }, 'leaderboard was not filled, a later reader tries again'))
        .finally(() => running.delete(key));
      running.set(key, task);
    },
    async close() {
      stopping.abort();
      await Promise.all(running.values());
    },
  };
}

function lost(): LyceumError {
  return new LyceumError('SERVICE_UNAVAILABLE', 'Redis lost the board while it was filled');
}
