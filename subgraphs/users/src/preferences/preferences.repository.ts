/**
 * The settings of people, on the shard of each person's bucket.
 */
import type { DatabaseSession } from '@lyceum/database';
import { defaultPreferences, type Preferences } from './preferences.ts';

const columns = { locale: true, timeZone: true, theme: true, weeklyEmail: true } as const;

/** A field that is undefined stays as it is. */
export type PreferencesChange = { readonly [Field in keyof Preferences]?: Preferences[Field] | undefined };

export function createPreferencesRepository(session: DatabaseSession<'users'>) {
  return {
    /** Null if nothing was ever set. */
    async find(userId: string, consistency: 'session' | 'primary'): Promise<Preferences | null> {
      const client = await session.read(userId, consistency);
      return client.preferences.findUnique({ where: { userId }, select: columns });
    },

    /** Null if there is no such person. */
    async update(userId: string, change: PreferencesChange): Promise<Preferences | null> {
      return session.transaction(userId, async (tx) => {
        const person = await tx.user.findUnique({ where: { id: userId }, select: { id: true } });
        if (person === null) return null;
        const create = { userId, ...defaultPreferences, ...withoutUndefined(change) };
        return tx.preferences.upsert({ where: { userId }, create, update: change, select: columns });
      });
    },
  };
}

function withoutUndefined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Partial<T>;
}

export type PreferencesRepository = ReturnType<typeof createPreferencesRepository>;
