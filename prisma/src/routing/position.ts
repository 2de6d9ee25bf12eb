/**
 * Positions in a shard's write-ahead log, in the form XXXXXXXX/YYYYYYYY (hexadecimal, padded).
 *
 * Padded, they compare as text in JavaScript, in Redis scripts and, cast to pg_lsn, in Postgres. A position counts
 * within one cluster, so it is always kept together with `domain/shard`.
 */
import type { Domain } from '../domain.ts';

export type Position = string;

/** Before and after all others. */
export const NO_POSITION: Position = '00000000/00000000';
export const LAST_POSITION: Position = 'FFFFFFFF/FFFFFFFF';

/** Accepts Postgres' own unpadded form. Throws a RangeError for anything else. */
export function toPosition(text: string): Position {
  const match = /^([0-9a-f]{1,8})\/([0-9a-f]{1,8})$/i.exec(text);
  if (!match) throw new RangeError(`Not a position in a write-ahead log: ${text.slice(0, 64)}`);
  return `${match[1]!.padStart(8, '0')}/${match[2]!.padStart(8, '0')}`.toUpperCase();
}

const PAGE = 8_192;
const PAGE_HEADER = 24;

/**
 * The end of the last record, from `pg_current_wal_insert_lsn()`. That function says where the next record will begin:
 * after a record that ended exactly with its page, this lies past the next page's header, and a replica of a primary
 * that writes nothing more would never reach it.
 */
export function endOfLastRecord(insertPosition: string): Position {
  const position = toPosition(insertPosition);
  const low = Number.parseInt(position.slice(9), 16);
  if (low % PAGE !== PAGE_HEADER) return position;
  return `${position.slice(0, 9)}${(low - PAGE_HEADER).toString(16).toUpperCase().padStart(8, '0')}`;
}

export function later(a: Position | undefined, b: Position): Position {
  return a !== undefined && a > b ? a : b;
}

/** Beside the positions of shards, under a name of its own, goes the version of the shard map that a viewer has seen. */
export function mapPlace(domain: Domain): string {
  return `${domain}/map`;
}

export function positionOfVersion(version: number): Position {
  return toPosition(`0/${version.toString(16)}`);
}

export function versionOf(position: Position): number {
  return Number.parseInt(position.slice(9), 16);
}
