/**
 * A transaction in plain pg, for this package's own tables and for commands. `session.transaction` is that of repositories.
 */
import { withTimeout } from '@lyceum/service-kit';
import type pg from 'pg';

/** A connection that has not rolled back by then is ended: the server rolls back what was begun on it. */
export const ROLLBACK_TIMEOUT_MS = 1_000;

/** `begin` travels as one message: what it says after BEGIN costs no round trip of its own. */
export async function inPgTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  begin = 'BEGIN',
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await withTimeout(client.query('ROLLBACK'), ROLLBACK_TIMEOUT_MS, 'rolling back').catch((err: Error) => {
      broken = err;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
