/**
 * What all requests of this process share of leaderboards: the boards in Redis, who fills them, and looks at their tops.
 */
import type { Lifecycle } from '@lyceum/service-kit';
import type { Resources } from '../resources.ts';
import type { WindowKey } from './board-changes.service.ts';
import { createBoardFiller } from './board-filler.ts';
import { createBoards } from './boards.ts';
import { createLeaderboardService, type Leaderboard } from './leaderboard.service.ts';
import { createPointsRepository } from './points.repository.ts';
import { createSharedLooks } from './shared-looks.ts';

/** How many of the top listeners are shown. */
const TOP = 10;
/** The least time between two looks at one board. */
const EVERY_MS = 500;

export function openLeaderboards({ cache, clock, database, keys, log }: Resources, life: Lifecycle) {
  const boards = createBoards(cache, keys);
  const ownPoints = createPointsRepository(database.session(null));
  const filler = life.own(
    'leaderboard filler',
    createBoardFiller({ redis: cache, keys, boards, points: ownPoints, log }),
    (running) => running.close(),
  );
  const reader = createLeaderboardService({ points: ownPoints, boards, filler, clock, log });
  const looks = createSharedLooks<WindowKey, Leaderboard>({
    nameOf: ({ courseId, window }) => `${courseId} ${window}`,
    look: ({ courseId, window }) => reader.top(courseId, window, TOP),
    everyMs: EVERY_MS,
  });
  return { boards, filler, looks };
}

export type Leaderboards = ReturnType<typeof openLeaderboards>;
