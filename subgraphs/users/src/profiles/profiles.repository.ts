/**
 * The rows of people, each on the shard of its bucket.
 */
import { Role } from '@lyceum/contracts';
import { columns, type DatabaseSession, isId } from '@lyceum/database';
import type { Person } from './person.ts';

/** The columns that make a Person. */
export const personColumns = {
  id: true,
  email: true,
  displayName: true,
  bio: true,
  roles: true,
  isInstructor: true,
  createdAt: true,
} as const;

const COLUMNS = columns(Object.keys(personColumns));

export interface PersonRow extends Omit<Person, 'roles'> {
  readonly roles: readonly string[];
}

/** Roles in the order of the contract, whatever order they were stored in. */
export function toPerson(row: PersonRow): Person {
  return { ...row, roles: Role.options.filter((role) => row.roles.includes(role)) };
}

/** A field that is undefined stays as it is. */
export interface ProfileChange {
  readonly displayName?: string | undefined;
  readonly bio?: string | null | undefined;
  readonly roles?: readonly Role[] | undefined;
}

export function createProfilesRepository(session: DatabaseSession<'users'>) {
  return {
    /** One query per shard. In no order; nothing for an id of nobody, nor for a text that is no id. */
    async findMany(ids: readonly string[]): Promise<Person[]> {
      const rows = await session.byShard(
        ids,
        (client, idsOfShard) =>
          client.$queryRaw<PersonRow[]>`SELECT ${COLUMNS} FROM user_account WHERE id = ANY(${idsOfShard}::uuid[])`,
      );
      return rows.map(toPerson);
    },

    /** From the primary: for decisions that a lagging copy must not take, such as which roles a token gets. */
    async findCurrent(id: string): Promise<Person | null> {
      const client = await session.read(id, 'primary');
      const row = await client.user.findUnique({ where: { id }, select: personColumns });
      return row && toPerson(row);
    },

    /** Null if there is no such person. */
    async update(id: string, { displayName, bio, roles }: ProfileChange): Promise<Person | null> {
      if (!isId(id)) return null;
      const data = { displayName, bio, roles: roles && [...roles] };
      const [row] = await session.transaction(id, (tx) =>
        tx.user.updateManyAndReturn({ where: { id }, data, select: personColumns }),
      );
      return row ? toPerson(row) : null;
    },
  };
}

export type ProfilesRepository = ReturnType<typeof createProfilesRepository>;
