/**
 * Statements against a server of the stack, each call over a connection of its own.
 */
import pg from 'pg';

/** Runs `work` with a connection and closes it afterwards, also when `work` throws. */
export async function withConnection<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** One statement, for a test that must see or make what no service offers. */
export async function sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(
  url: string,
  statement: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return withConnection(url, async (client) => (await client.query<Row>(statement, values)).rows);
}
