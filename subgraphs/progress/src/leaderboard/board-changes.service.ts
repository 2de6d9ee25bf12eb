/**
 * A leaderboard as it is, and then whenever its top has changed: the live topic `leaderboard.changed` of the course says
 * when to look, and the board is what is seen then.
 *
 * Events that come while a look is due are one. What no event tells (a new day, points that another process could not
 * announce, an event lost while the topic was opened) is seen by a look every few seconds, so the last state always comes.
 */
import { type EventEnvelope, LeaderboardChanged, type PayloadOf } from '@lyceum/contracts';
import type { Logger } from '@lyceum/service-kit';
import type { Subscriber } from '@lyceum/subgraph-kit';
import type { PublishedOutlines } from '../outline/outline.repository.ts';
import type { Resources } from '../resources.ts';
import { keepLatest } from './latest.ts';
import type { Leaderboard } from './leaderboard.service.ts';
import type { LeaderboardWindow } from './period.ts';
import type { SharedLooks } from './shared-looks.ts';

/** What a board is looked up by. */
export interface WindowKey {
  readonly courseId: string;
  readonly window: LeaderboardWindow;
}

/** The board, and the envelope of the event that led to it, which holds the place in the topic. */
export type BoardChange = Partial<EventEnvelope<PayloadOf<typeof LeaderboardChanged>>> & {
  readonly board: Leaderboard;
};

export interface BoardChangesServiceOptions {
  readonly topics: Resources['topics'];
  readonly outlines: PublishedOutlines;
  readonly looks: SharedLooks<WindowKey, Leaderboard>;
  readonly log: Logger;
}

/** The longest without a look. */
const LOOK_MS = 5_000;

export function createBoardChangesService({ topics, outlines, looks, log }: BoardChangesServiceOptions) {
  /** Undefined if neither Redis nor Postgres answers now: the next look may. */
  async function tryLook(key: WindowKey): Promise<Leaderboard | undefined> {
    try {
      return await looks.look(key);
    } catch (err) {
      log.debug({ err, ...key }, 'leaderboard cannot be read, looking again');
      return undefined;
    }
  }

  async function* changes(
    key: WindowKey,
    events: AsyncIterableIterator<EventEnvelope<PayloadOf<typeof LeaderboardChanged>>>,
    { isNew, signal }: { isNew: boolean; signal: AbortSignal },
  ): AsyncGenerator<BoardChange, void> {
    try {
      let shown: string | undefined;
      if (isNew) {
        const board = await looks.look(key);
        shown = JSON.stringify(board);
        yield { board };
      }
      // Not pulled before: the cursor of a topic without events must not go out before the board.
      const latest = keepLatest(events);
      while (!signal.aborted) {
        const event = await latest.take(LOOK_MS);
        if (event === undefined && latest.hasEnded) return;
        const board = await tryLook(key);
        if (board === undefined || signal.aborted) continue;
        const seen = JSON.stringify(board);
        if (seen === shown) continue;
        shown = seen;
        // The envelope itself, because its cursor hangs on it.
        yield event === undefined ? { board } : Object.assign(event, { board });
      }
    } finally {
      await events.return?.();
    }
  }

  return {
    /** With a cursor the board comes when it has changed, or a few seconds later. Throws COURSE_NOT_FOUND. */
    async follow(
      courseId: string,
      window: LeaderboardWindow,
      { resume, signal }: Subscriber,
    ): Promise<AsyncIterable<BoardChange>> {
      await outlines.require(courseId);
      const isNew = (resume?.cursor ?? null) === null;
      const events = topics.subscribe(LeaderboardChanged, courseId, { from: 'now', resume, signal });
      return changes({ courseId, window }, events, { isNew, signal });
    },
  };
}

export type BoardChangesService = ReturnType<typeof createBoardChangesService>;
