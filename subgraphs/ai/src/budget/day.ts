/**
 * The day of a budget: a UTC day, written YYYY-MM-DD.
 *
 * A job is accounted on the day it was accepted (`ai_job.created_at`), however long it runs.
 */

export function dayOf(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

/** When the day after `instant` begins. */
export function renewalAfter(instant: Date): Date {
  return new Date(Date.UTC(instant.getUTCFullYear(), instant.getUTCMonth(), instant.getUTCDate() + 1));
}
