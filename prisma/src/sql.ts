/**
 * What repositories need of Prisma at run time: raw SQL.
 */
import * as runtime from '@prisma/client/runtime/client';

/** `sql` builds a parameterised query for `$queryRaw` and `$executeRaw`; `join` and `raw` compose, `empty` is nothing. */
export const { sqltag: sql, join, raw, empty } = runtime;
export type { Sql } from '@prisma/client/runtime/client';
