/**
 * Where the rows of each table lie: what a move of buckets takes along, and what it must leave.
 *
 * Every table of a domain is named here once; a test compares this with the databases.
 */
import type { Domain } from '../domain.ts';

export type Placement =
  /** With the bucket in an id, in this column. */
  | { readonly by: 'id'; readonly column: string }
  /** With the bucket in this column. */
  | { readonly by: 'bucket'; readonly column: string }
  /** All rows with one bucket. */
  | { readonly by: 'fixed'; readonly bucket: number }
  /** The same rows on every shard: copies for reference. */
  | { readonly by: 'everywhere' }
  /** Of the database itself. */
  | { readonly by: 'local' };

const id = (column: string): Placement => ({ by: 'id', column });
const everywhere: Placement = { by: 'everywhere' };
const local: Placement = { by: 'local' };

/** In every domain. */
const OWN = {
  _prisma_migrations: local,
  outbox_message: local,
  outbox_lane: local,
  outbox_dead_letter: local,
  shard_map: local,
  shard_move: local,
  shard_move_marker: local,
};

const directory: Placement = { by: 'bucket', column: 'bucket' };

/** By table; the partitions of a table go with it. */
export const PLACEMENTS: Readonly<Record<Domain, Readonly<Record<string, Placement>>>> = {
  users: {
    ...OWN,
    user_account: id('id'),
    credential: id('user_id'),
    preferences: id('user_id'),
    notification: id('id'),
    directory_entry: directory,
  },
  courses: {
    ...OWN,
    course: id('id'),
    module: id('id'),
    section: id('id'),
    lesson: id('id'),
    block: id('id'),
    bucket_allocator: { by: 'fixed', bucket: 0 },
    directory_entry: directory,
  },
  progress: {
    ...OWN,
    outline_course: everywhere,
    outline_lesson: everywhere,
    outline_problem: everywhere,
    enrollment: id('id'),
    lesson_progress: id('learner_id'),
    problem_attempt: id('id'),
    problem_state: id('learner_id'),
    activity: id('id'),
    learner_streak: id('learner_id'),
    course_points: id('learner_id'),
  },
  ai: {
    ...OWN,
    ai_job: id('id'),
    ai_budget: id('learner_id'),
  },
};

export interface Buckets {
  readonly from: number;
  /** Included. */
  readonly to: number;
}

/**
 * The rows of these buckets as an SQL condition of built-in functions alone, as row filters and indexes need it. Null: the
 * table has none.
 */
export function conditionOf(placement: Placement, ranges: readonly Buckets[]): string | null {
  if (placement.by === 'everywhere' || placement.by === 'local') return null;
  if (placement.by === 'fixed') {
    return ranges.some(({ from, to }) => from <= placement.bucket && placement.bucket <= to) ? 'true' : null;
  }
  const bucket = bucketExpression(placement);
  return ranges.map(({ from, to }) => `${bucket} BETWEEN ${from} AND ${to}`).join(' OR ');
}

/** The same as the database's function bucket_of(). */
export function bucketExpression(placement: Extract<Placement, { by: 'id' | 'bucket' }>): string {
  const { by, column } = placement;
  if (by === 'bucket') return column;
  return `(((get_byte(uuid_send(${column}), 6) & 15) << 8) | get_byte(uuid_send(${column}), 7))`;
}

export interface PlacedTable {
  readonly table: string;
  readonly placement: Placement;
}

/** The tables that move with buckets. */
export function movingTables(domain: Domain): PlacedTable[] {
  return tablesOf(domain).filter(({ placement: { by } }) => by !== 'everywhere' && by !== 'local');
}

/** In an order in which their rows can be written: what is referred to comes first. */
export function everywhereTables(domain: Domain): string[] {
  return tablesOf(domain)
    .filter(({ placement }) => placement.by === 'everywhere')
    .map(({ table }) => table);
}

function tablesOf(domain: Domain): PlacedTable[] {
  return Object.entries(PLACEMENTS[domain]).map(([table, placement]) => ({ table, placement }));
}
