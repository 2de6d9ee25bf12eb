/**
 * Accounts: person, credential and settings on the person's shard, the e-mail address in the directory.
 *
 * Everything here is on primaries: who may sign in is not for a copy that lags to say.
 */
import { type Database, newId, randomBucket, type SeenPositions } from '@lyceum/database';
import { defaultPreferences } from '../preferences/preferences.ts';
import type { Person } from '../profiles/person.ts';
import { personColumns, toPerson } from '../profiles/profiles.repository.ts';

export interface NewAccount {
  /** Normalised. */
  readonly email: string;
  readonly displayName: string;
  readonly passwordHash: string;
}

export interface Account {
  readonly person: Person;
  readonly passwordHash: string | null;
}

const accountColumns = { ...personColumns, credential: { select: { passwordHash: true } } } as const;

export function createAccountsRepository(database: Database<'users'>, seen?: SeenPositions) {
  const { directory } = database;

  return {
    /** Null if the address is taken: of several at once for one address exactly one wins, whatever their shards. */
    async create({ email, displayName, passwordHash }: NewAccount): Promise<Person | null> {
      const id = newId(randomBucket());
      const data = {
        id,
        email,
        displayName,
        credential: { create: { passwordHash } },
        preferences: { create: defaultPreferences },
      };
      // In a session of the new person, so that the next request of that person already sees the rows.
      const result = await directory.withClaims(database.session(id, seen), { ownerId: id, values: { email } }, (tx) =>
        tx.user.create({ data, select: personColumns }),
      );
      return 'written' in result ? toPerson(result.written) : null;
    },

    async findByEmail(email: string): Promise<Account | null> {
      const id = await directory.lookup('email', email);
      if (id === null) return null;
      const client = await database.session(null).read(id, 'primary');
      const row = await client.user.findUnique({ where: { id }, select: accountColumns });
      if (row === null) return null;
      const { credential, ...person } = row;
      return { person: toPerson(person), passwordHash: credential?.passwordHash ?? null };
    },
  };
}

export type AccountsRepository = ReturnType<typeof createAccountsRepository>;
