/**
 * Builds the users subgraph from its resources. Never listens, so that a test builds the same thing in process.
 */
import { readFileSync } from 'node:fs';
import type { Lifecycle } from '@lyceum/service-kit';
import { createSubgraph, DateTime, type Subgraph } from '@lyceum/subgraph-kit';
import type { Resolvers } from './__generated__/resolver-types.ts';
import { accountsResolvers } from './accounts/accounts.resolvers.ts';
import { createContext, type UsersContext } from './context.ts';
import { instructorsResolvers } from './instructors/instructors.resolvers.ts';
import { notificationsResolvers } from './notifications/notifications.resolvers.ts';
import { preferencesResolvers } from './preferences/preferences.resolvers.ts';
import { presenceResolvers } from './presence/presence.resolvers.ts';
import { profilesResolvers } from './profiles/profiles.resolvers.ts';
import type { Resources } from './resources.ts';
import { rolesResolvers } from './roles/roles.resolvers.ts';
import { jwksRoute } from './sessions/jwks.route.ts';
import { sessionsResolvers } from './sessions/sessions.resolvers.ts';
import { signalsResolvers } from './signals/signals.resolvers.ts';

const resolvers = [
  { DateTime },
  accountsResolvers,
  sessionsResolvers,
  profilesResolvers,
  preferencesResolvers,
  rolesResolvers,
  instructorsResolvers,
  notificationsResolvers,
  presenceResolvers,
  signalsResolvers,
] satisfies Resolvers[];

const typeDefs = readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8');

export function createServer(resources: Resources, life: Lifecycle): Subgraph {
  return createSubgraph<UsersContext>({
    name: 'users',
    typeDefs,
    resolvers,
    claimsSecret: resources.claimsSecret,
    createContext: (source) => createContext(resources, source),
    foretell: resources.database.foretell,
    log: resources.log,
    metrics: resources.metrics,
    life,
    // Redis is not among them: reads go on without it.
    health: { database: () => resources.database.checkAny() },
    routes: { '/.well-known/jwks.json': jwksRoute(resources.signingKey) },
  });
}
