/**
 * Keyset pagination: a cursor holds the sort key and the id of its row, so a page costs the same wherever it lies.
 */
import { badInput, isStorable } from '@lyceum/service-kit';
import { z } from 'zod';

export interface PageArgs {
  readonly first: number;
  readonly after?: string | null;
}

export interface Page<T> {
  readonly first: number;
  /** Rows to ask the database for: one more than the page, which says whether another follows. */
  readonly limit: number;
  /** What the cursor holds; null for the first page. */
  readonly after: T | null;
}

export interface Connection<Node> {
  readonly edges: { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** How a list is ordered: what its cursors hold, and how they are read back. */
export interface Keyset<Row, Position> {
  readonly cursor: z.ZodType<Position>;
  readonly partsOf: (row: Row) => readonly CursorValue[];
}

type CursorValue = string | number | boolean | Date | null;

const MAX_FIRST = 100;
const MAX_CURSOR_LENGTH = 2_000;

/** Throws BAD_USER_INPUT naming `first` or `after`. */
export function parsePage<S extends z.ZodType>({ first, after }: PageArgs, schema: S): Page<z.output<S>> {
  if (!Number.isInteger(first) || first < 1 || first > MAX_FIRST) {
    throw badInput('first', `must be between 1 and ${MAX_FIRST}`);
  }
  return { first, limit: first + 1, after: after == null ? null : decodeCursor(after, schema) };
}

/**
 * The parts of a cursor, as far as a database can compare with them: cursors come back from outside, and what is a fine
 * number or day here may be out of range there.
 */
export const CursorPart = {
  /** A `Date` of the years 1970–9999. */
  instant: z.iso
    .datetime()
    .transform((text) => new Date(text))
    .refine((date) => date.getTime() >= 0),
  id: z.uuid(),
  /** Fits a Postgres `integer`. */
  integer: z.int32(),
  /** Fits a Postgres `real`. */
  real: z.number().refine((value) => value === 0 || (Math.abs(value) > 1e-37 && Math.abs(value) < 1e38)),
  text: z.string().refine(isStorable),
};

/** Dates become RFC 3339 texts: decode them with `CursorPart.instant`. */
export function encodeCursor(parts: readonly CursorValue[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Throws BAD_USER_INPUT naming `after` if the cursor is not one that this list gave out. */
export function decodeCursor<S extends z.ZodType>(cursor: string, schema: S): z.output<S> {
  const parsed = schema.safeParse(cursor.length > MAX_CURSOR_LENGTH ? undefined : readJson(cursor));
  if (!parsed.success) throw badInput('after', 'is not a cursor of this list');
  return parsed.data;
}

/** `rows` holds up to `first + 1` rows in order; the one too many only says that a page follows. */
export function toConnection<Node>(
  rows: readonly Node[],
  {
    first,
    cursorOf,
    hasPreviousPage = false,
  }: {
    first: number;
    cursorOf: (row: Node) => string;
    hasPreviousPage?: boolean;
  },
): Connection<Node> {
  const edges = rows.slice(0, first).map((row) => ({ cursor: cursorOf(row), node: row }));
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > first,
      hasPreviousPage,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/**
 * A page of a list: `load` gets the place to go on from and how many rows to ask for, one more than the page. Throws
 * BAD_USER_INPUT naming `first` or `after`.
 */
export async function loadConnection<Row, Position>(
  args: PageArgs,
  { cursor, partsOf }: Keyset<Row, Position>,
  load: (after: Position | null, limit: number) => Promise<readonly Row[] | null>,
): Promise<Connection<Row>> {
  const { first, limit, after } = parsePage(args, cursor);
  const rows = (await load(after, limit)) ?? [];
  return toConnection(rows, { first, cursorOf: (row) => encodeCursor(partsOf(row)), hasPreviousPage: after !== null });
}

function readJson(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
