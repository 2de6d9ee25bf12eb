import { z } from 'zod';
import { defineEvent } from '../define.ts';

/**
 * The boards of a course hold new points: a reason to look, without what is to be seen. At least once, in no order.
 *
 * Published by the consumer of `points.awarded` once the points can be read, not through the outbox. Lost with the boards.
 */
export const LeaderboardChanged = defineEvent({
  name: 'leaderboard.changed',
  version: 1,
  delivery: 'live',
  payload: z.object({ courseId: z.uuid() }),
  key: (payload) => payload.courseId,
});
