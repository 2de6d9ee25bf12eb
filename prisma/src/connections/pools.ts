/**
 * Bounded connection pools in which no query waits for ever, one for each kind of work: what is slow by nature does not
 * take the connections of what must be quick.
 *
 * A replica's pool hands a statement that the replica could not answer (gone, or cancelled because replay needed the
 * row's old version) to the primary: a read never fails because a replica did.
 */
import pg from 'pg';
import { faultOf, isLost, isPoolFull, isReadTimeout, sqlStateOf } from './faults.ts';

/**
 * - `read`: queries of requests.
 * - `write`: transactions of requests.
 * - `ai`: the workers' reads and transactions.
 * - `realtime`: what subscriptions read for each event; it is late when it is slow.
 */
export type Workload = 'read' | 'write' | 'ai' | 'realtime';

export interface WorkloadSettings {
  /** Connections of one process to one server. */
  readonly max: number;
  /** The longest a statement may run, and the longest a transaction may idle. */
  readonly timeoutMs: number;
}

export interface PoolSettings extends WorkloadSettings {
  readonly applicationName: string;
  readonly pooler?: Pooler | undefined;
}

/** How connections differ that lead to a pooler in transaction mode. */
export interface Pooler {
  /** Whether it carries prepared statements from one server connection to another. */
  readonly namedStatements: boolean;
}

/** A statement is sent without waiting for those before it. Only a transaction has several on one connection. */
const PIPELINE = { pipeline: true };
const CONNECT_MS = 3_000;
const IDLE_MS = 10_000;
/** The longest that a transaction of a repository may take. */
export const TRANSACTION_MS = 10_000;

export function openPool(url: string, settings: PoolSettings): pg.Pool {
  const pool = new pg.Pool(poolConfig(url, settings));
  pool.on('connect', survive);
  return pool;
}

/** A connection that is lost while it is lent and idle: its next statement tells, the process lives on. */
export function survive(client: pg.PoolClient): void {
  client.on('error', () => {});
}

function poolConfig(url: string, { max, timeoutMs, applicationName, pooler }: PoolSettings): pg.PoolConfig {
  return {
    ...(pooler
      ? throughPooler(pooler)
      : { statement_timeout: timeoutMs, idle_in_transaction_session_timeout: timeoutMs }),
    ...PIPELINE,
    connectionString: url,
    max,
    application_name: applicationName,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    query_timeout: timeoutMs + 1_000,
  };
}

/** It refuses time-outs as a connection begins: transactions set their own (`transactionLimits`). */
function throughPooler({ namedStatements }: Pooler): pg.PoolConfig {
  return namedStatements ? {} : { Client: UnnamedClient };
}

/** Its statements are parsed anew each time, as the next may go to another server connection. */
class UnnamedClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const query = this.query as (...args: unknown[]) => unknown;
    const unnamed = (statement: unknown) =>
      typeof statement === 'object' && statement !== null && 'name' in statement
        ? { ...statement, name: undefined }
        : statement;
    this.query = ((statement: unknown, ...rest: unknown[]) =>
      query.call(this, unnamed(statement), ...rest)) as typeof this.query;
  }
}

/**
 * What the first SELECT of a transaction adds, so that its time-outs hold through a pooler too, and the server works on
 * nothing, locks held, that its client has given up.
 */
export function transactionLimits({ timeoutMs, pooler }: Pick<PoolSettings, 'timeoutMs' | 'pooler'>): string {
  if (!pooler && timeoutMs <= TRANSACTION_MS) return '';
  const limits = ['statement_timeout', 'idle_in_transaction_session_timeout'];
  const limitMs = Math.min(timeoutMs, TRANSACTION_MS);
  return limits.map((name) => `, set_config('${name}', '${limitMs}', true)`).join('');
}

/**
 * True if another server may answer: this one is lost or refuses, cancelled in favour of replay (40001 on a standby), or
 * fails in a way that is no answer. A statement that took too long is at fault itself: elsewhere it would take as long.
 */
function isServerFault(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state === '40001' || isLost(error)) return true;
  return state === undefined && error instanceof Error && !isReadTimeout(error);
}

/** Of its many overloads, the forms that return a promise. */
type Query = (this: pg.Pool, ...args: unknown[]) => Promise<unknown>;
const query = pg.Pool.prototype.query as unknown as Query;

/** What becomes of a statement that failed: an answer from elsewhere, or an error. */
type Rescue = (error: unknown, statement: readonly unknown[]) => Promise<unknown>;

class RescuedPool extends pg.Pool {
  constructor(url: string, settings: PoolSettings, rescue: Rescue) {
    super(poolConfig(url, settings));
    this.on('connect', survive);
    this.query = ((...statement: unknown[]) =>
      query.apply(this, statement).catch((error: unknown) => rescue(error, statement))) as pg.Pool['query'];
  }
}

/** Its statements fail with TIMED_OUT or SERVICE_UNAVAILABLE where the server or its time is at fault. */
export class PrimaryPool extends RescuedPool {
  constructor(url: string, settings: PoolSettings) {
    super(url, settings, (error) => Promise.reject(faultOf(error)));
  }
}

/** So do its own, if the primary cannot answer them either. */
export class ReplicaPool extends RescuedPool {
  constructor(url: string, settings: PoolSettings, primary: () => pg.Pool, onFault: (error: unknown) => void) {
    super(url, settings, async (error, statement) => {
      if (!isPoolFull(error)) {
        if (!isServerFault(error)) throw faultOf(error);
        onFault(error);
      }
      const other = primary();
      return await (other.query as unknown as Query).apply(other, [...statement]);
    });
  }

  /** Asks this very replica. */
  async ask<Row extends pg.QueryResultRow>(text: string): Promise<Row> {
    const result = (await query.call(this, text)) as pg.QueryResult<Row>;
    return result.rows[0]!;
  }
}
