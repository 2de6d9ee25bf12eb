/**
 * Who may do what: set by administrators.
 *
 * Roles travel in access tokens, so a change reaches a signed-in person with the next refresh, within 15 minutes.
 */
import { Role, type Viewer } from '@lyceum/contracts';
import { forbidden, notFound } from '@lyceum/service-kit';
import type { Person } from '../profiles/person.ts';
import type { ProfilesRepository } from '../profiles/profiles.repository.ts';

export interface SetRoles {
  readonly userId: string;
  readonly roles: readonly Role[];
}

export function createRolesService(people: ProfilesRepository) {
  return {
    /** Idempotent. Throws FORBIDDEN unless the viewer is an administrator, then USER_NOT_FOUND. */
    async set(viewer: Viewer, { userId, roles }: SetRoles): Promise<Person> {
      if (!viewer.roles.includes('ADMIN')) throw forbidden();
      const complete = Role.options.filter((role) => role === 'LEARNER' || roles.includes(role));
      const person = await people.update(userId, { roles: complete });
      if (person === null) throw notFound('USER_NOT_FOUND');
      return person;
    },
  };
}

export type RolesService = ReturnType<typeof createRolesService>;
