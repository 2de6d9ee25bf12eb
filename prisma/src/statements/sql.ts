/**
 * What repositories need of Prisma at run time: raw SQL.
 */
import * as runtime from '@prisma/client/runtime/client';

/** `sql` builds a parameterised query for `$queryRaw` and `$executeRaw`; `join` and `raw` compose, `empty` is nothing. */
export const { sqltag: sql, join, raw, empty } = runtime;
export type { Sql } from '@prisma/client/runtime/client';

/** What a statement selects for these fields of a row: `display_name AS "displayName"`, of the table called `of` if named. */
export function columns(fields: readonly string[], of?: string): runtime.Sql {
  const prefix = of === undefined ? '' : `${of}.`;
  const select = fields.map((field) => `${prefix}${field.replace(/[A-Z]/g, '_$&').toLowerCase()} AS "${field}"`);
  return raw(select.join(', '));
}
