/**
 * What a resolver is given: the viewer, and services and loaders made for this one request.
 *
 * Made afresh for each request, so that no row read for one viewer is handed to another, and that all reads of a
 * request see what its viewer wrote before.
 */
import { revokeOtherRoles } from '@lyceum/service-kit';
import type { BaseContext } from '@lyceum/subgraph-kit';
import { createAccountsRepository } from './accounts/accounts.repository.ts';
import { type AccountsService, createAccountsService } from './accounts/accounts.service.ts';
import { createAttemptLimiter } from './accounts/attempts.ts';
import { createInstructorsRepository } from './instructors/instructors.repository.ts';
import { createInstructorsService, type InstructorsService } from './instructors/instructors.service.ts';
import { createPreferencesRepository } from './preferences/preferences.repository.ts';
import { createPreferencesService, type PreferencesService } from './preferences/preferences.service.ts';
import { createProfilesLoaders, type ProfilesLoaders } from './profiles/profiles.loaders.ts';
import { createProfilesRepository } from './profiles/profiles.repository.ts';
import { createProfilesService, type ProfilesService } from './profiles/profiles.service.ts';
import type { Resources } from './resources.ts';
import { createRolesService, type RolesService } from './roles/roles.service.ts';
import { createAccessTokens } from './sessions/access-tokens.ts';
import { createSessionsRepository } from './sessions/sessions.repository.ts';
import { createSessionsService, type SessionsService } from './sessions/sessions.service.ts';

export interface UsersContext extends BaseContext {
  readonly services: {
    readonly accounts: AccountsService;
    readonly sessions: SessionsService;
    readonly profiles: ProfilesService;
    readonly preferences: PreferencesService;
    readonly roles: RolesService;
    readonly instructors: InstructorsService;
  };
  readonly loaders: ProfilesLoaders;
}

export function createContext(resources: Resources, base: BaseContext): UsersContext {
  const { cache, clock, database, keys, limiter, signingKey } = resources;
  const session = database.session(base.viewer?.id ?? null);
  const people = createProfilesRepository(session);
  const sessions = createSessionsService({
    sessions: createSessionsRepository(cache, keys, clock),
    tokens: createAccessTokens(signingKey, clock),
    people,
    clock,
  });
  return {
    ...base,
    services: {
      accounts: createAccountsService({
        accounts: createAccountsRepository(database),
        attempts: createAttemptLimiter(limiter, keys, base.log),
        sessions,
      }),
      sessions,
      profiles: createProfilesService(people),
      preferences: createPreferencesService(createPreferencesRepository(session)),
      roles: createRolesService({
        people,
        announce: (userId, roles) => revokeOtherRoles(cache, keys, { userId, roles }, clock.now()),
        log: base.log,
      }),
      instructors: createInstructorsService(createInstructorsRepository(session)),
    },
    loaders: createProfilesLoaders(people),
  };
}
