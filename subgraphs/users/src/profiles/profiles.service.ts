/**
 * Changes of profiles: each person changes the own one.
 */
import type { Viewer } from '@lyceum/contracts';
import { notFound, parseInput } from '@lyceum/service-kit';
import type { Person } from './person.ts';
import { UpdateProfile } from './profiles.input.ts';
import type { ProfilesRepository } from './profiles.repository.ts';

export function createProfilesService(people: ProfilesRepository) {
  return {
    /** Throws BAD_USER_INPUT, and USER_NOT_FOUND if the account is gone though its token still lives. */
    async update(viewer: Viewer, input: unknown): Promise<Person> {
      const person = await people.update(viewer.id, parseInput(UpdateProfile, input));
      if (person === null) throw notFound('USER_NOT_FOUND');
      return person;
    },
  };
}

export type ProfilesService = ReturnType<typeof createProfilesService>;
