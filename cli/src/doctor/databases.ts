/**
 * Looks at one Postgres database: whether it answers in its role, and whether its schema is the one of this checkout.
 */
import { type Domain, migrationStatus } from '@lyceum/database';
import pg from 'pg';

const TIMEOUT_MS = 10_000;
/** A replica that is further behind serves no reads. */
const LAG_MAX_S = 10;

export async function examinePrimary(domain: Domain, url: string): Promise<string> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ version: string; standby: boolean }>(
      "SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS standby",
    );
    if (rows[0]?.standby) throw new Error('is a replica, but is named as a primary');
    const { pending, halfApplied, drifted } = await migrationStatus(domain, url);
    const missing = pending.length + (halfApplied ? 1 : 0);
    if (missing > 0) throw new Error(`${missing} migrations are not applied: \`npx lyceum db migrate\` applies them`);
    if (drifted.length > 0) throw new Error('has another history of migrations: `npx lyceum db status` says which');
    return `PostgreSQL ${rows[0]?.version.split(' ')[0]}`;
  });
}

export async function examineReplica(url: string): Promise<string> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ standby: boolean; streaming: boolean; lag: number | null }>(`
      SELECT pg_is_in_recovery() AS standby,
        EXISTS (SELECT 1 FROM pg_stat_wal_receiver) AS streaming,
        CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
          ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END::float8 AS lag`);
    const [state] = rows;
    if (!state?.standby) throw new Error('is a primary, but is named as a replica');
    if (!state.streaming) throw new Error('does not receive from its primary; reads go to the primary meanwhile');
    if ((state.lag ?? 0) > LAG_MAX_S) throw new Error(`is ${Math.round(state.lag ?? 0)} s behind its primary`);
    return 'follows its primary';
  });
}

/** A pooler is asked as services ask it: it refuses settings of a connection. */
export async function examinePooler(url: string): Promise<string> {
  const ask = async (client: pg.Client) => {
    await client.query('SELECT 1');
    return 'answers';
  };
  return withClient(url, ask, { query_timeout: TIMEOUT_MS });
}

async function withClient(
  url: string,
  work: (client: pg.Client) => Promise<string>,
  limits: pg.ClientConfig = { statement_timeout: TIMEOUT_MS },
): Promise<string> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: TIMEOUT_MS,
    ...limits,
    application_name: 'lyceum-doctor',
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
