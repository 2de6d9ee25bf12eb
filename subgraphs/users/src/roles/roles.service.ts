/**
 * Who may do what: set by administrators.
 *
 * Roles travel in access tokens. Gateways refuse those that name other roles from the moment of the change, so that the person
 * refreshes the session; while Redis is away they count until they expire, for 15 minutes at most.
 */
import { Role, type Viewer } from '@lyceum/contracts';
import { forbidden, type Logger, notFound } from '@lyceum/service-kit';
import type { Person } from '../profiles/person.ts';
import type { ProfilesRepository } from '../profiles/profiles.repository.ts';

export interface SetRoles {
  readonly userId: string;
  readonly roles: readonly Role[];
}

export interface RolesServiceOptions {
  readonly people: ProfilesRepository;
  /** Tells gateways which roles count. */
  readonly announce: (userId: string, roles: readonly Role[]) => Promise<void>;
  readonly log: Logger;
}

export function createRolesService({ people, announce, log }: RolesServiceOptions) {
  return {
    /** Idempotent. Throws FORBIDDEN unless the viewer is an administrator, then USER_NOT_FOUND. */
    async set(viewer: Viewer, { userId, roles }: SetRoles): Promise<Person> {
      if (!viewer.roles.includes('ADMIN')) throw forbidden();
      const complete = Role.options.filter((role) => role === 'LEARNER' || roles.includes(role));
      const person = await people.update(userId, { roles: complete });
      if (person === null) throw notFound('USER_NOT_FOUND');
      await announce(userId, complete).catch((err: unknown) => {
        log.warn(
          { err, userId },
          'gateways could not be told of the roles, tokens of before are good until they expire',
        );
      });
      return person;
    },
  };
}

export type RolesService = ReturnType<typeof createRolesService>;
