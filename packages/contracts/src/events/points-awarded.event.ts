import { z } from 'zod';
import { defineEvent } from '../define.ts';

/**
 * A learner earned points in a course. After commit, at least once, ordered per learner.
 *
 * It carries totals, not gains: heard twice or late it says nothing wrong, as long as a consumer only raises what it has.
 */
export const PointsAwarded = defineEvent({
  name: 'points.awarded',
  version: 1,
  delivery: 'log',
  payload: z.object({
    learnerId: z.uuid(),
    courseId: z.uuid(),
    /** RFC 3339, UTC: when these totals were reached. */
    reachedAt: z.iso.datetime(),
    /** One for each period that the moment lies in. */
    totals: z
      .array(
        z.object({
          /** A UTC day (2026-11-21), an ISO week (2026-W47), or `all`. */
          period: z.string().min(1),
          /** All points of the learner in the course in this period. */
          points: z.number().int().positive(),
        }),
      )
      .min(1),
  }),
  key: (payload) => payload.learnerId,
});
