/**
 * Holds a replica back: WAL still arrives there, but nothing new becomes visible until it is resumed.
 */
import { databaseUrl, stackCoordinates } from './coordinates.ts';
import { eventually } from './eventually.ts';
import { sql } from './sql.ts';

export interface LaggingReplica extends AsyncDisposable {
  resume(): Promise<void>;
}

/**
 * Returns once replay stands still. Replicas are shared by the whole run, so hold it with `await using`, or resume in a
 * `finally`.
 */
export async function laggingReplica(shard: string): Promise<LaggingReplica> {
  const found = stackCoordinates().shards.find(({ name }) => name === shard);
  if (!found) throw new Error(`There is no shard ${shard}.`);
  const url = databaseUrl(found.replicaUrl, 'postgres');
  const reached = (state: string) =>
    eventually(async () => {
      const [row] = await sql<{ state: string }>(url, 'SELECT pg_get_wal_replay_pause_state() AS state');
      return row?.state === state;
    });
  const resume = async () => {
    await sql(url, 'SELECT pg_wal_replay_resume()');
    await reached('not paused');
  };
  await sql(url, 'SELECT pg_wal_replay_pause()');
  await reached('paused');
  return { resume, [Symbol.asyncDispose]: resume };
}
