/**
 * Positions in a shard's write-ahead log, in the form XXXXXXXX/YYYYYYYY (hexadecimal, padded).
 *
 * Padded, they compare as text in JavaScript, in Redis scripts and, cast to pg_lsn, in Postgres. A position counts
 * within one cluster, so it is always kept together with `domain/shard`.
 */
export type Position = string;

/** Accepts Postgres' own unpadded form. Throws a RangeError for anything else. */
export function toPosition(text: string): Position {
  const match = /^([0-9a-f]{1,8})\/([0-9a-f]{1,8})$/i.exec(text);
  if (!match) throw new RangeError(`Not a position in a write-ahead log: ${text.slice(0, 64)}`);
  return `${match[1]!.padStart(8, '0')}/${match[2]!.padStart(8, '0')}`.toUpperCase();
}

export function later(a: Position | undefined, b: Position): Position {
  return a !== undefined && a > b ? a : b;
}
