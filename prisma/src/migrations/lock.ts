/**
 * One runner of migrations at a time per database: the advisory lock that Prisma's own migrate takes, on a connection
 * that lives as long as the run.
 *
 * It is asked for again and again rather than waited for. A statement that waits holds a snapshot; CREATE INDEX
 * CONCURRENTLY of the runner that has the lock waits for all older snapshots to end: the two would wait for each other.
 */
import { sleep } from '@lyceum/service-kit';
import type pg from 'pg';

const LOCK = 72_707_369;
const ASK_EVERY_MS = 100;

/** Calls `onWait` once, with who has it. Throws if it is not to be had in time. */
export async function takeMigrationLock(
  client: pg.Client,
  { waitMs, onWait }: { waitMs: number; onWait: (holder: string) => void },
): Promise<void> {
  const until = performance.now() + waitMs;
  for (let asked = 0; ; asked += 1) {
    const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [LOCK]);
    if (rows[0]!.held) return;
    if (asked === 0) onWait(await describeHolder(client));
    if (performance.now() > until) {
      throw new Error(`another run has held the lock for ${waitMs / 1000} s: ${await describeHolder(client)}`);
    }
    await sleep(ASK_EVERY_MS * (0.5 + Math.random()));
  }
}

async function describeHolder(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ holder: string }>(
    `SELECT format('process %s of the server (%s) at: %s', a.pid, a.application_name, left(a.query, 100)) AS holder
     FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_database d ON d.oid = l.database
     WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = $1 AND d.datname = current_database()`,
    [LOCK],
  );
  return rows[0]?.holder ?? 'nobody any more';
}
