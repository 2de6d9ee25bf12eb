/**
 * What the rows of a table come to: how many there are, and a checksum that does not depend on their order.
 *
 * Two tables with the same rows give the same on any server, whatever its settings and collations, if the settings below
 * hold in the transaction that asks. A sum, not an exclusive or: a row that is there twice counts twice.
 */
import pg from 'pg';

/** All that the text of a value depends on. For a transaction that computes checksums or copies rows as text. */
export const TEXT_SETTINGS = `
  SET LOCAL TimeZone = 'UTC';
  SET LOCAL DateStyle = 'ISO, YMD';
  SET LOCAL IntervalStyle = 'postgres';
  SET LOCAL extra_float_digits = 1;
  SET LOCAL bytea_output = 'hex';
`;

export interface ChecksumOf {
  readonly table: string;
  /** Default: all, in the order in which they were added. */
  readonly columns?: readonly string[];
  /** SQL over the table's columns. */
  readonly where?: string;
}

/** As text: either may be larger than a number of JavaScript is exact. */
export interface Checksum {
  readonly rows: string;
  readonly checksum: string;
}

/** Gives one row, a Checksum. */
export function checksumSql({ table, columns, where = 'true' }: ChecksumOf): string {
  const row = columns ? `ROW(${columns.map(pg.escapeIdentifier).join(', ')})` : 'entire_row';
  return `SELECT count(*)::text AS rows, coalesce(sum(hashtextextended(${row}::text COLLATE "C", 0)), 0)::text AS checksum
    FROM ${pg.escapeIdentifier(table)} AS entire_row WHERE ${where}`;
}
