/**
 * Changes of partitions that need a table whole for a moment.
 *
 * Who waits for such a lock holds up every reader who comes after it, and a backup reads for as long as it takes. So a
 * change gives up soon, lets those through who wait behind it, and tries again a little later.
 */
import { backOffMs, sleep } from '@lyceum/service-kit';

/** The `lock_timeout` under which a change is tried. */
export const BRIEF_LOCK_MS = 1_000;
const TRIES = 5;
const BETWEEN_TRIES = { baseMs: 200, maxMs: 3_000 };

/** `change` sets the time-out itself and changes all or nothing. `what` it does is told if the table was never free. */
export async function withBriefLock<T>(what: string, change: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await change();
    } catch (error) {
      if ((error as { code?: string }).code !== '55P03') throw error;
      if (attempt === TRIES || signal?.aborted) {
        throw new Error(
          `Could not ${what}: others hold the table, such as a backup (${attempt} × ${BRIEF_LOCK_MS / 1_000} s). Nothing was changed; run it again when they are done.`,
          { cause: error },
        );
      }
      await sleep(backOffMs(attempt, BETWEEN_TRIES), signal);
    }
  }
}
