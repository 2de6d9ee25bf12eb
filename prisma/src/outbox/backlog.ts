/**
 * How much waits in one database's outbox, and for how long. Cheap however much it is: nothing is counted to its end.
 */
import type pg from 'pg';

/** A backlog of more is said to be as large as this. */
export const BACKLOG_COUNTED_TO = 100_000;

export interface Backlog {
  /** Up to `BACKLOG_COUNTED_TO`. */
  readonly waiting: number;
  /** Since the fact was committed; null if nothing waits. */
  readonly oldestSeconds: number | null;
  /** Up to `BACKLOG_COUNTED_TO`. */
  readonly deadLetters: number;
}

const READ = `SELECT
  (SELECT count(*)::integer FROM (SELECT FROM outbox_message LIMIT ${BACKLOG_COUNTED_TO}) AS counted) AS waiting,
  (SELECT extract(epoch FROM now() - min(head.occurred_at))::float8 FROM outbox_lane CROSS JOIN LATERAL (
    SELECT occurred_at FROM outbox_message WHERE lane = outbox_lane.lane ORDER BY seq LIMIT 1) AS head) AS "oldestSeconds",
  (SELECT count(*)::integer FROM (SELECT FROM outbox_dead_letter LIMIT ${BACKLOG_COUNTED_TO}) AS counted) AS "deadLetters"`;

export async function readBacklog(pool: pg.Pool): Promise<Backlog> {
  const { rows } = await pool.query<Backlog>(READ);
  return rows[0]!;
}
