/**
 * Raw SQL past Prisma's engine: `$queryRaw` and `$executeRaw` go straight to the driver, by named prepared statements.
 *
 * They are called as Prisma's are and answer with the same values, at a fraction of the cost (docs/adr/0026). Errors are
 * the driver's own (`code` is the SQLSTATE) unless the server is at fault. Unlike Prisma's they begin when they are called, not when they are awaited.
 */
import * as runtime from '@prisma/client/runtime/client';
import pg from 'pg';
import { prepare } from './prepare.ts';
import type { Sql } from './sql.ts';

export interface Queryable {
  query(statement: pg.QueryConfig): Promise<pg.QueryResult>;
}

type Statement = TemplateStringsArray | Sql;

export interface RawSql {
  $queryRaw<T = unknown>(statement: Statement, ...values: readonly unknown[]): Promise<T>;
  /** Resolves to the number of rows that were touched. */
  $executeRaw(statement: Statement, ...values: readonly unknown[]): Promise<number>;
}

export function createRawSql(on: Queryable): RawSql {
  const run = (statement: Statement, values: readonly unknown[]) => {
    const { name, text, values: bound } = prepare(statement, values);
    return on.query({ name, text, values: bound.map(toParameter), types });
  };
  return {
    $queryRaw: async <T>(statement: Statement, ...values: readonly unknown[]) =>
      (await run(statement, values)).rows as T,
    $executeRaw: async (statement, ...values) => (await run(statement, values)).rowCount ?? 0,
  };
}

/** The driver writes a Date in the time zone of the process, which a column without a zone would take for its own. */
function toParameter(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  return Array.isArray(value) ? value.map(toParameter) : value;
}

/** As Prisma gives them: whole numbers of 64 bit as bigint, numeric as Decimal, dates as midnight UTC. */
const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [pg.types.builtins.INT8]: BigInt,
  [pg.types.builtins.NUMERIC]: (text) => new runtime.Decimal(text),
  [pg.types.builtins.DATE]: (text) => new Date(`${text}T00:00:00Z`),
  [pg.types.builtins.TIMESTAMP]: (text) => new Date(`${text}Z`),
  // With its offset, as `2026-11-21 20:00:00.123+00`.
  [pg.types.builtins.TIMESTAMPTZ]: (text) => new Date(text),
};

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => PARSERS[oid] ?? pg.types.getTypeParser(oid, format),
};
