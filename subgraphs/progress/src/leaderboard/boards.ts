/**
 * Leaderboards as sorted sets in Redis: a fast copy of the points in Postgres, filled again when Redis has lost it.
 *
 * Scores are absolute and only raised, so that it does no harm to hear of one twice, late, or while a board is filled. A
 * board is read only once it holds a mark that it is complete. The mark is a member of the set itself: whatever takes the
 * scores away takes the mark along. A board lives for a day at most and is then filled anew from the truth, which heals
 * what a Redis that came back older than it was has forgotten.
 */
import type { Redis, RedisKeys } from '@lyceum/service-kit';
import type { BoardKey, Surroundings } from './points.repository.ts';
import type { Scored } from './points.ts';

const LIFE_SECONDS = 24 * 60 * 60;
/** Members that are no learners have scores below 0: they stand at the end, and no place is counted from there. */
const COMPLETE = { member: 'complete', score: -1 };
const FILLING_SCORE = -2;

/** KEYS: the board. ARGV: mark, how many. Returns members and scores, or nil if the board is not complete. */
const TOP = `
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return nil end
return redis.call('ZRANGE', KEYS[1], 0, ARGV[2] - 1, 'REV', 'WITHSCORES')`;

/** KEYS: the board. ARGV: mark, learner, score, neighbours. Returns the place from 0, members and scores; or nil. */
const AROUND = `
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return nil end
redis.call('ZADD', KEYS[1], 'GT', ARGV[3], ARGV[2])
local place = redis.call('ZREVRANK', KEYS[1], ARGV[2])
local first = math.max(place - ARGV[4], 0)
return {place, redis.call('ZRANGE', KEYS[1], first, place + ARGV[4], 'REV', 'WITHSCORES')}`;

/** KEYS: the board. ARGV: the filler's mark, scores and members. Returns 0 if the board was lost since it began. */
const FILL = `
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], 'GT', unpack(ARGV, 2))
return 1`;

/** KEYS: the board. ARGV: the filler's mark, score and mark of a complete board, seconds to live. Returns 0 as above. */
const FINISH = `
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1`;

/** Every call throws while Redis is away. */
export interface Boards {
  /** Raises a learner on each board; lower scores and equal ones change nothing. */
  raise(courseId: string, learnerId: string, scores: readonly { period: string; score: number }[]): Promise<void>;
  /** The best first; null if the board is not complete. */
  top(board: BoardKey, count: number): Promise<Scored[] | null>;
  /** Raises the learner to the score first; null if the board is not complete. */
  around(board: BoardKey, me: Scored, neighbours: number): Promise<Surroundings | null>;
  /**
   * Begins to fill a board: raise learners page by page, then finish. Both answer false if the board was lost since; then
   * nothing is complete. `filler` names this attempt alone. Read what to fill it with after this call.
   */
  beginFilling(board: BoardKey, filler: string): Promise<BoardFilling>;
}

export interface BoardFilling {
  add(page: readonly Scored[]): Promise<boolean>;
  finish(): Promise<boolean>;
}

export function createBoards(redis: Redis, keys: RedisKeys): Boards {
  const keyOf = ({ courseId, period }: BoardKey) => keys.leaderboard(courseId, period);
  return {
    async raise(courseId, learnerId, scores) {
      const commands = redis.multi();
      for (const { period, score } of scores) {
        const key = keyOf({ courseId, period });
        commands.zadd(key, 'GT', score, learnerId).expire(key, LIFE_SECONDS, 'NX');
      }
      for (const [error] of (await commands.exec()) ?? []) if (error) throw error;
    },
    async top(board, count) {
      const found = (await redis.eval(TOP, 1, keyOf(board), COMPLETE.member, count)) as string[] | null;
      return found && toScored(found);
    },
    async around(board, { learnerId, score }, neighbours) {
      const { member } = COMPLETE;
      const found = await redis.eval(AROUND, 1, keyOf(board), member, learnerId, score, neighbours);
      if (found === null) return null;
      const [place, around] = found as [number, string[]];
      return { rank: place + 1, around: toScored(around) };
    },
    async beginFilling(board, filler) {
      const key = keyOf(board);
      await redis.zadd(key, FILLING_SCORE, filler);
      await redis.expire(key, LIFE_SECONDS, 'NX');
      return {
        async add(page) {
          const scores = page.flatMap(({ learnerId, score }) => [score, learnerId]);
          return (await redis.eval(FILL, 1, key, filler, ...scores)) === 1;
        },
        async finish() {
          return (await redis.eval(FINISH, 1, key, filler, COMPLETE.score, COMPLETE.member, LIFE_SECONDS)) === 1;
        },
      };
    },
  };
}

/** Leaves out what is no learner. */
function toScored(flat: readonly string[]): Scored[] {
  const scored: Scored[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const score = Number(flat[at + 1]);
    if (score >= 0) scored.push({ learnerId: flat[at] as string, score });
  }
  return scored;
}
