/**
 * Whose presence can be followed at once.
 */
import { z } from 'zod';

export const FOLLOWED_MAX = 50;

/** Each person once, in lower case, as ids are written in Redis. */
export const FollowPresence = z.object({
  userIds: z
    .array(z.uuid('must be ids of people').toLowerCase())
    .min(1, 'must name at least one person')
    .max(FOLLOWED_MAX, `must name at most ${FOLLOWED_MAX} people`)
    .transform((ids) => [...new Set(ids)]),
});
