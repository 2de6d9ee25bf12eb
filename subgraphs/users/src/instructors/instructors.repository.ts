/**
 * People who teach, over all shards.
 */
import { type DatabaseSession, empty, sql } from '@lyceum/database';
import type { Person } from '../profiles/person.ts';
import { type PersonRow, toPerson } from '../profiles/profiles.repository.ts';

/** The sort key of a row: newest first, and the id where two are of one millisecond. */
export interface InstructorPosition {
  readonly createdAt: Date;
  readonly id: string;
}

export function createInstructorsRepository(session: DatabaseSession<'users'>) {
  return {
    /**
     * The first `limit` people after the position, newest first.
     *
     * Each shard gives its own first `limit`; the first of all are among them.
     */
    async newestFirst(limit: number, after: InstructorPosition | null): Promise<Person[]> {
      const beyond = after
        ? sql`AND (created_at, id) < (${after.createdAt.toISOString()}::timestamptz, ${after.id}::uuid)`
        : empty;
      const perShard = await session.everyShard(
        (client, place) => client.$queryRaw<PersonRow[]>`
          SELECT id, email, display_name AS "displayName", bio, roles, is_instructor AS "isInstructor",
            created_at AS "createdAt"
          FROM user_account WHERE is_instructor ${beyond} ${place.owned('id')}
          ORDER BY created_at DESC, id DESC LIMIT ${limit}`,
      );
      return perShard.flat().map(toPerson).sort(compareNewestFirst).slice(0, limit);
    },
  };
}

/** As Postgres orders them: ids are compared byte by byte, which is the order of their lower-case texts. */
function compareNewestFirst(a: InstructorPosition, b: InstructorPosition): number {
  return b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1);
}

export type InstructorsRepository = ReturnType<typeof createInstructorsRepository>;
