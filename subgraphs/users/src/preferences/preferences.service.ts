/**
 * Settings: each person sees and changes the own ones, and nobody else does.
 */
import type { Viewer } from '@lyceum/contracts';
import { notFound, parseInput } from '@lyceum/service-kit';
import { isSelf, type Person } from '../profiles/person.ts';
import { UpdatePreferences } from './preferences.input.ts';
import type { PreferencesRepository } from './preferences.repository.ts';
import { defaultPreferences, type Preferences } from './preferences.ts';

export function createPreferencesService(preferences: PreferencesRepository) {
  return {
    /** Null unless the viewer is the person. */
    async visibleTo(viewer: Viewer | null, person: Person): Promise<Preferences | null> {
      if (!isSelf(viewer, person)) return null;
      // A request that signs in has no session of its own that would know what the person wrote before.
      const found = await preferences.find(person.id, person.justSignedIn ? 'primary' : 'session');
      return found ?? defaultPreferences;
    },

    /** Throws BAD_USER_INPUT, and USER_NOT_FOUND if the account is gone though its token still lives. */
    async update(viewer: Viewer, input: unknown): Promise<Preferences> {
      const updated = await preferences.update(viewer.id, parseInput(UpdatePreferences, input));
      if (updated === null) throw notFound('USER_NOT_FOUND');
      return updated;
    },
  };
}

export type PreferencesService = ReturnType<typeof createPreferencesService>;
