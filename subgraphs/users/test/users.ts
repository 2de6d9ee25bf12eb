/**
 * The users subgraph in process, on databases and Redis keys of its own, and the gateway's signature for any viewer.
 */
import { randomUUID } from 'node:crypto';
import { AccessTokenClaims, CLAIMS_HEADER, type Role, type Viewer } from '@lyceum/contracts';
import type { Domain } from '@lyceum/database';
import { type Clock, createLifecycle, createLogger } from '@lyceum/service-kit';
import { claimsHeader, type GraphClient, graphClient, openTenant, type Tenant } from '@lyceum/testing';
import { decodeJwt } from 'jose';
import { readConfig } from '../src/config.ts';
import { startNotificationConsumers } from '../src/notifications/notifications.consumer.ts';
import { openResources, type Resources } from '../src/resources.ts';
import { createServer } from '../src/server.ts';

export const password = 'correct horse';

export interface Session {
  readonly __typename: 'Session';
  readonly accessToken: string;
  readonly accessTokenExpiresAt: string;
  readonly refreshToken: string;
  readonly refreshTokenExpiresAt: string;
  readonly user: { readonly id: string; readonly email: string | null; readonly roles: Role[] | null };
}

/** A session, or the name of the type that came instead. */
export type Outcome = Session | { readonly __typename: string; readonly message: string };

const sessionFields = `... on Session {
  accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt user { id email roles }
}`;

export interface Users extends AsyncDisposable {
  readonly url: string;
  readonly tenant: Tenant;
  readonly resources: Resources;
  /** Speaks as the gateway does for this viewer. */
  as(viewer: Viewer | null): Promise<GraphClient>;
  signUp(email: string, displayName?: string): Promise<Outcome>;
  signIn(email: string, password: string): Promise<Outcome>;
  refresh(refreshToken: string): Promise<Outcome>;
  /** A new learner, signed in. */
  learner(name: string): Promise<Viewer>;
  /** The URL of the users database on a shard's primary. */
  databaseUrl(shard: string): string;
  replicasCaughtUp(): Promise<void>;
}

/** Who the gateway would take the holder of the token for. */
export function viewerOf(outcome: Outcome): Viewer {
  if (!('accessToken' in outcome)) throw new Error(`Not a session but ${outcome.__typename}: ${outcome.message}`);
  const { sub, sid, roles } = AccessTokenClaims.parse(decodeJwt(outcome.accessToken));
  return { id: sub, sessionId: sid, roles };
}

export const administrator: Viewer = { id: randomUUID(), sessionId: randomUUID(), roles: ['LEARNER', 'ADMIN'] };

export interface UsersOptions {
  readonly domains?: readonly Domain[];
  /** Whether notifications are made of the logs of other domains. */
  readonly consuming?: boolean;
  readonly clock?: Clock;
}

export async function openUsers(
  overrides: Record<string, string> = {},
  { domains = ['users'], consuming = false, clock }: UsersOptions = {},
): Promise<Users> {
  const tenant = await openTenant(domains);
  const log = createLogger('users', { level: 'silent' });
  const life = createLifecycle({ log });
  const { env, source } = readConfig({ ...tenant.env, ...overrides });
  const resources = await openResources({ env, source, log, life, clock });
  if (consuming) startNotificationConsumers(resources, life);
  const { url } = await createServer(resources, life).listen(0, env.HOST);

  const as = async (viewer: Viewer | null) => {
    const headers = await claimsHeader(tenant.env, viewer);
    return graphClient(`${url}/graphql`, { headers, connectionParams: { claims: headers[CLAIMS_HEADER] } });
  };
  const outcomeOf = async (document: string, variables: Record<string, unknown>) => {
    const { outcome } = await (await as(null)).query<{ outcome: Outcome }>(document, variables);
    return outcome;
  };
  const signUp = (email: string, displayName = 'Somebody') =>
    outcomeOf(
      `mutation ($input: SignUpInput!) { outcome: signUp(input: $input) { __typename ${sessionFields} ... on EmailTaken { message } } }`,
      { input: { email, password, displayName } },
    );

  return {
    url,
    tenant,
    resources,
    as,
    signUp,
    signIn: (email, secret) =>
      outcomeOf(
        `mutation ($input: SignInInput!) { outcome: signIn(input: $input) { __typename ${sessionFields} ... on InvalidCredentials { message } } }`,
        { input: { email, password: secret } },
      ),
    refresh: (refreshToken) =>
      outcomeOf(
        `mutation ($token: String!) { outcome: refreshSession(refreshToken: $token) { __typename ${sessionFields} ... on InvalidRefreshToken { message } } }`,
        { token: refreshToken },
      ),
    learner: async (name) => viewerOf(await signUp(`${name.toLowerCase()}@lyceum.test`, name)),
    databaseUrl: (shard) => tenant.databaseUrl('users', shard),
    replicasCaughtUp: () => tenant.replicasCaughtUp(),
    async [Symbol.asyncDispose]() {
      await life.close();
      await tenant.close();
    },
  };
}
