/**
 * Accounts: person, credential and settings on the person's shard, the e-mail address in the directory.
 *
 * Everything here is on primaries: who may sign in is not for a copy that lags to say.
 */
import { type Database, newId, randomBucket } from '@lyceum/database';
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

const directoryKind = 'email';
const accountColumns = { ...personColumns, credential: { select: { passwordHash: true } } } as const;

export function createAccountsRepository(database: Database<'users'>) {
  const { directory } = database;

  async function exists(id: string): Promise<boolean> {
    const client = await database.session(id).read(id, 'primary');
    return (await client.user.findUnique({ where: { id }, select: { id: true } })) !== null;
  }

  /** In a session of the new person, so that the next request of that person already sees the rows. */
  function write(id: string, { email, displayName, passwordHash }: NewAccount): Promise<Person> {
    const data = {
      id,
      email,
      displayName,
      credential: { create: { passwordHash } },
      preferences: { create: defaultPreferences },
    };
    return database
      .session(id)
      .transaction(id, async (tx) => toPerson(await tx.user.create({ data, select: personColumns })));
  }

  /** The connection may have broken after the commit: only a person who is not there gives the address up. */
  async function abandon(email: string, id: string): Promise<void> {
    try {
      if (!(await exists(id))) await directory.release(directoryKind, email, id);
    } catch {
      // The claim stays, and is given away once it is old enough.
    }
  }

  return {
    /**
     * Null if the address is taken: of several at once for one address exactly one wins, whatever their shards.
     *
     * A crash between claim and write leaves a claim without a person, which the directory gives away after a minute.
     */
    async create(account: NewAccount): Promise<Person | null> {
      const id = newId(randomBucket());
      const claim = await directory.claim(directoryKind, account.email, id, exists);
      if (!claim.won) return null;
      const person = await write(id, account).catch(async (error: unknown) => {
        await abandon(account.email, id);
        throw error;
      });
      // Not confirmed, the claim of a person who exists stands as well.
      await directory.confirm(directoryKind, account.email, id).catch(() => {});
      return person;
    },

    async findByEmail(email: string): Promise<Account | null> {
      const id = await directory.lookup(directoryKind, email);
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
