/**
 * Bounded connection pools in which no query waits for ever.
 *
 * A replica's pool hands a statement that the replica could not answer (gone, or cancelled because replay needed the
 * row's old version) to the primary: a read never fails because a replica did.
 */
import pg from 'pg';

export interface PoolSettings {
  readonly max: number;
  readonly applicationName: string;
}

const SETTINGS = {
  // A statement is sent without waiting for those before it. Only a transaction has several on one connection.
  pipeline: true,
  connectionTimeoutMillis: 3_000,
  statement_timeout: 10_000,
  query_timeout: 11_000,
  idle_in_transaction_session_timeout: 15_000,
  idleTimeoutMillis: 10_000,
} as const;

export function openPool(url: string, { max, applicationName }: PoolSettings): pg.Pool {
  return new pg.Pool(poolConfig(url, { max, applicationName }));
}

function poolConfig(url: string, { max, applicationName }: PoolSettings): pg.PoolConfig {
  return { connectionString: url, max, application_name: applicationName, keepAlive: true, ...SETTINGS };
}

/**
 * True if the server, not the statement, is at fault: connection lost or refused (class 08), shutting down (57P0x),
 * cancelled in favour of replay (40001 on a standby), too many connections (53300), or no SQLSTATE at all.
 */
function isServerFault(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return error instanceof Error;
  return /^(08...|57P0.|40001|53300|E[A-Z]+)$/.test(code);
}

/** Of its many overloads, the forms that return a promise. */
type Query = (this: pg.Pool, ...args: unknown[]) => Promise<unknown>;
const query = pg.Pool.prototype.query as unknown as Query;

export class ReplicaPool extends pg.Pool {
  readonly #primary: pg.Pool;
  readonly #onFault: (error: unknown) => void;

  constructor(url: string, settings: PoolSettings, primary: pg.Pool, onFault: (error: unknown) => void) {
    super(poolConfig(url, settings));
    this.#primary = primary;
    this.#onFault = onFault;
    this.query = (async (...args: unknown[]) => {
      try {
        return await query.apply(this, args);
      } catch (error) {
        if (!isServerFault(error)) throw error;
        this.#onFault(error);
        return await query.apply(this.#primary, args);
      }
    }) as unknown as pg.Pool['query'];
  }

  /** Asks this very replica. */
  async ask<Row extends pg.QueryResultRow>(text: string): Promise<Row> {
    const result = (await query.call(this, text)) as pg.QueryResult<Row>;
    return result.rows[0]!;
  }
}
