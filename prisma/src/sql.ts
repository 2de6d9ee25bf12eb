/**
 * What repositories need of Prisma at run time: raw SQL, the two nulls of JSON columns, and errors by meaning.
 */
import * as runtime from '@prisma/client/runtime/client';

/** `sql` builds a parameterised query for `$queryRaw` and `$executeRaw`; `join` and `raw` compose, `empty` is nothing. */
export const { sqltag: sql, join, raw, empty } = runtime;
export type { Sql } from '@prisma/client/runtime/client';
/** `DbNull` is SQL's NULL in a JSON column, `JsonNull` the JSON value null. */
export const { DbNull, JsonNull } = runtime;

/** A unique key is taken. */
export function isUniqueViolation(error: unknown): boolean {
  return errorCode(error) === 'P2002' || errorCode(error) === '23505';
}

/** An update or delete found no row. */
export function isRowMissing(error: unknown): boolean {
  return errorCode(error) === 'P2025';
}

function errorCode(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
