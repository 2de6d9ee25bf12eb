/**
 * What a resolver is given: the viewer, and services and loaders made for this one request, or one event of a
 * subscription.
 *
 * Made afresh each time, so that no row read for one viewer is handed to another, and that all reads of a
 * request see what its viewer wrote before.
 */
import { revokeOtherRoles } from '@lyceum/service-kit';
import type { BaseContext, ContextSource } from '@lyceum/subgraph-kit';
import { createAccountsRepository } from './accounts/accounts.repository.ts';
import { type AccountsService, createAccountsService } from './accounts/accounts.service.ts';
import { createAttemptLimiter } from './accounts/attempts.ts';
import { createInstructorsRepository } from './instructors/instructors.repository.ts';
import { createInstructorsService, type InstructorsService } from './instructors/instructors.service.ts';
import { createNotificationsRepository } from './notifications/notifications.repository.ts';
import { createNotificationsService, type NotificationsService } from './notifications/notifications.service.ts';
import { createPreferencesRepository } from './preferences/preferences.repository.ts';
import { createPreferencesService, type PreferencesService } from './preferences/preferences.service.ts';
import { createPresenceLoaders, type PresenceLoaders } from './presence/presence.loaders.ts';
import { createPresenceService, type PresenceService } from './presence/presence.service.ts';
import { createProfilesLoaders, type ProfilesLoaders } from './profiles/profiles.loaders.ts';
import { createProfilesRepository } from './profiles/profiles.repository.ts';
import { createProfilesService, type ProfilesService } from './profiles/profiles.service.ts';
import type { Resources } from './resources.ts';
import { createRolesService, type RolesService } from './roles/roles.service.ts';
import { createAccessTokens } from './sessions/access-tokens.ts';
import { createSessionsRepository } from './sessions/sessions.repository.ts';
import { createSessionsService, type SessionsService } from './sessions/sessions.service.ts';
import { createSignalLimiter } from './signals/signal-limit.ts';
import { createSignalsService, type SignalsService } from './signals/signals.service.ts';

export interface UsersContext extends BaseContext {
  readonly services: {
    readonly accounts: AccountsService;
    readonly sessions: SessionsService;
    readonly profiles: ProfilesService;
    readonly preferences: PreferencesService;
    readonly roles: RolesService;
    readonly instructors: InstructorsService;
    readonly notifications: NotificationsService;
    readonly presence: PresenceService;
    readonly signals: SignalsService;
  };
  readonly loaders: ProfilesLoaders & PresenceLoaders;
}

export function createContext(resources: Resources, source: ContextSource): UsersContext {
  const { cache, channels, clock, database, keys, limiter, presence, signingKey, topics } = resources;
  const { envelope, log, positions, viewer } = source;
  const session = database.session(viewer?.id ?? null, positions, envelope && 'realtime');
  const presenceLoaders = createPresenceLoaders({ redis: cache, keys, clock, log });
  const people = createProfilesRepository(session);
  const sessions = createSessionsService({
    sessions: createSessionsRepository(cache, keys, clock),
    tokens: createAccessTokens(signingKey, clock),
    people,
    clock,
  });
  return {
    ...source,
    services: {
      accounts: createAccountsService({
        accounts: createAccountsRepository(database, positions),
        attempts: createAttemptLimiter(limiter, keys, log),
        sessions,
      }),
      sessions,
      profiles: createProfilesService(people),
      preferences: createPreferencesService(createPreferencesRepository(session)),
      roles: createRolesService({
        people,
        announce: (userId, roles) => revokeOtherRoles(cache, keys, { userId, roles }, clock.now()),
        log,
      }),
      instructors: createInstructorsService(createInstructorsRepository(session)),
      notifications: createNotificationsService({
        notifications: createNotificationsRepository(session),
        topics,
        clock,
      }),
      presence: createPresenceService(presence, presenceLoaders),
      signals: createSignalsService({
        redis: cache,
        channels,
        keys,
        limits: createSignalLimiter(limiter, keys, log),
        clock,
        log,
      }),
    },
    loaders: { ...createProfilesLoaders(people), ...presenceLoaders },
  };
}
