/**
 * A connection for work that may take hours: no limit on a statement, while a dead peer is noticed within half a minute.
 */
import pg from 'pg';

const CONNECT_MS = 10_000;
/** After so long a silence the system asks the peer, and gives it ten seconds. */
const KEEP_ALIVE_MS = 15_000;

export interface LongConnection extends AsyncDisposable {
  readonly client: pg.Client;
}

/** Disposing ends it, in the middle of a copy too: then the server rolls back. */
export async function openLongConnection(url: string, applicationName: string): Promise<LongConnection> {
  const client = new pg.Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  });
  // A lost connection fails the statement that runs, or else the next one.
  client.on('error', () => {});
  await client.connect();
  await client.query(
    `SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = ${CONNECT_MS}`,
  );
  let ended: Promise<void> | undefined;
  return { client, [Symbol.asyncDispose]: () => (ended ??= client.end()) };
}
