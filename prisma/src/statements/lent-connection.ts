/**
 * Lets Prisma work within a transaction that is not its own.
 *
 * Prisma begins a transaction by taking a connection from its pool. In the call of `lend` the pool hands out the lent
 * connection instead, on which the transaction is open already: Prisma's own BEGIN, COMMIT and ROLLBACK are left out.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';
import type { Queryable } from './raw-sql.ts';

/** The little that Prisma's adapter asks of a connection. */
type Connection = Pick<pg.PoolClient, 'on' | 'removeListener' | 'release' | 'query'>;

const lent = new AsyncLocalStorage<Connection>();

export function lend<T>(connection: Queryable, work: () => T): T {
  return lent.run(borrowed(connection), work);
}

/** The same pool, for Prisma. */
export function lendingPool(pool: pg.Pool): pg.Pool {
  const connect = (callback?: Parameters<pg.Pool['connect']>[0]) => {
    if (callback) return pool.connect(callback);
    const connection = lent.getStore();
    return connection ? Promise.resolve(connection) : pool.connect();
  };
  return Object.create(pool, { connect: { value: connect } }) as pg.Pool;
}

const NOTHING = { rows: [], fields: [], rowCount: 0, command: '', oid: 0 };

function borrowed(connection: Queryable): Connection {
  const query = (statement: pg.QueryConfig) =>
    /^(BEGIN|COMMIT|ROLLBACK)$/.test(statement.text) ? Promise.resolve(NOTHING) : connection.query(statement);
  const nothing = () => {};
  return { on: nothing, removeListener: nothing, release: nothing, query } as unknown as Connection;
}
