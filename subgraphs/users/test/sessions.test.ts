/**
 * Sessions: tokens, their renewal and their end.
 */
import { ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_ISSUER } from '@lyceum/contracts';
import { readRevocations, systemClock } from '@lyceum/service-kit';
import { graphClient } from '@lyceum/testing';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import type { Resources } from '../src/resources.ts';
import { administrator, type Outcome, openUsers, type Session, viewerOf } from './users.ts';

/** Those whose access tokens gateways refuse. */
const endedSessions = async ({ resources: { cache, keys } }: { resources: Resources }) => [
  ...(await readRevocations(cache, keys, systemClock.now())).map(
    ([revocation]) => 'sessionId' in revocation && revocation.sessionId,
  ),
];
const sessionOf = (outcome: Outcome): Session => {
  if (!('refreshToken' in outcome)) throw new Error(`Not a session but ${outcome.__typename}`);
  return outcome;
};

describe('an access token', () => {
  it('a token signed by the key verifies against the JWKS', async () => {
    await using users = await openUsers();
    const { accessToken, accessTokenExpiresAt, user } = sessionOf(await users.signUp('ada@lyceum.test'));
    const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', users.url));
    const { payload } = await jwtVerify(accessToken, keys, {
      algorithms: ['RS256'],
      issuer: ACCESS_TOKEN_ISSUER,
      audience: ACCESS_TOKEN_AUDIENCE,
    });
    expect(payload).toMatchObject({ sub: user.id, roles: ['LEARNER'] });
    expect(payload.exp! - payload.iat!).toBe(15 * 60);
    expect(new Date(payload.exp! * 1_000).toISOString()).toBe(accessTokenExpiresAt);
  });
});

describe('a refresh token', () => {
  it('a refresh token works once, and its second use ends the session', async () => {
    await using users = await openUsers();
    const first = sessionOf(await users.signUp('ada@lyceum.test'));
    const second = sessionOf(await users.refresh(first.refreshToken));
    expect(viewerOf(second)).toEqual(viewerOf(first));
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect((await users.refresh(first.refreshToken)).__typename).toBe('InvalidRefreshToken');
    expect((await users.refresh(second.refreshToken)).__typename).toBe('InvalidRefreshToken');
    expect(await endedSessions(users)).toContain(viewerOf(first).sessionId);
  });

  it('that is used again ends the session, also if Redis fails the first time in the middle', async () => {
    await using users = await openUsers();
    const first = sessionOf(await users.signUp('ada@lyceum.test'));
    await users.refresh(first.refreshToken);
    const { cache } = users.resources;
    const evaluate = cache.eval.bind(cache) as (...args: unknown[]) => Promise<never>;
    let failures = 1;
    cache.eval = async (script: unknown, ...args: unknown[]) => {
      if (String(script).includes('ZADD') && failures-- > 0) throw new Error('gone');
      return evaluate(script, ...args);
    };
    await expect(users.refresh(first.refreshToken)).rejects.toThrow('SERVICE_UNAVAILABLE');
    expect(await endedSessions(users)).toEqual([]);
    expect((await users.refresh(first.refreshToken)).__typename).toBe('InvalidRefreshToken');
    expect(await endedSessions(users)).toEqual([viewerOf(first).sessionId]);
  });

  it('is good for one of many that use it at the same moment', async () => {
    await using users = await openUsers();
    const { refreshToken } = sessionOf(await users.signUp('ada@lyceum.test'));
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => users.refresh(refreshToken)));
    expect(outcomes.filter(({ __typename }) => __typename === 'Session')).toHaveLength(1);
  });

  it('renews a session again and again', async () => {
    await using users = await openUsers();
    let session = sessionOf(await users.signUp('ada@lyceum.test'));
    for (let round = 0; round < 5; round += 1) session = sessionOf(await users.refresh(session.refreshToken));
    expect(Date.parse(session.refreshTokenExpiresAt)).toBeGreaterThan(Date.now() + 29 * 24 * 60 * 60 * 1_000);
  });

  it('made up from a known session id neither works nor ends the session', async () => {
    await using users = await openUsers();
    const session = sessionOf(await users.signUp('ada@lyceum.test'));
    const bytes = Buffer.from(session.refreshToken, 'base64url');
    const forged = Buffer.concat([bytes.subarray(0, 16), Buffer.alloc(48, 7)]).toString('base64url');
    expect((await users.refresh(forged)).__typename).toBe('InvalidRefreshToken');
    expect((await users.refresh('nonsense')).__typename).toBe('InvalidRefreshToken');
    expect((await users.refresh(session.refreshToken)).__typename).toBe('Session');
  });

  it('carries roles that were set since into the next access token', async () => {
    await using users = await openUsers();
    const session = sessionOf(await users.signUp('ada@lyceum.test'));
    const admin = await users.as(administrator);
    await admin.query(`mutation { setRoles(input: { userId: "${session.user.id}", roles: [INSTRUCTOR] }) { id } }`);
    expect(viewerOf(await users.refresh(session.refreshToken)).roles).toEqual(['LEARNER', 'INSTRUCTOR']);
  });

  it('is not kept in Redis in a form that could be used', async () => {
    await using users = await openUsers();
    const session = sessionOf(await users.signUp('ada@lyceum.test'));
    const { cache, keys } = users.resources;
    const key = keys.refresh(viewerOf(session).sessionId);
    const stored = JSON.stringify(await cache.hgetall(key));
    const bytes = Buffer.from(session.refreshToken, 'base64url');
    for (const secret of [bytes.subarray(16, 32), bytes.subarray(32)]) {
      expect(stored).not.toContain(secret.toString('base64url'));
      expect(stored).not.toContain(secret.toString('hex'));
    }
    expect(await cache.pttl(key)).toBeGreaterThan(29 * 24 * 60 * 60 * 1_000);
  });
});

describe('signing out', () => {
  it('ends the own session once, and no other session of the person', async () => {
    await using users = await openUsers();
    const here = sessionOf(await users.signUp('ada@lyceum.test'));
    const there = sessionOf(await users.signIn('ada@lyceum.test', 'correct horse'));
    const client = await users.as(viewerOf(here));
    expect(await client.query('mutation { signOut }')).toEqual({ signOut: true });
    expect(await client.query('mutation { signOut }')).toEqual({ signOut: false });
    expect((await users.refresh(here.refreshToken)).__typename).toBe('InvalidRefreshToken');
    expect((await users.refresh(there.refreshToken)).__typename).toBe('Session');
    expect(await endedSessions(users)).toEqual([viewerOf(here).sessionId]);
  });
});

describe('the door', () => {
  it("a request without the gateway's signature is refused", async () => {
    await using users = await openUsers();
    const ada = sessionOf(await users.signUp('ada@lyceum.test'));
    const unsigned = [{}, { token: ada.accessToken }, { headers: { 'lyceum-claims': ada.accessToken } }];
    for (const options of unsigned) {
      const answer = await graphClient(`${users.url}/graphql`, options).request('{ viewer { id } }');
      expect(answer.status).toBe(401);
      expect(answer.data).toBeNull();
      expect(answer.errors[0]?.extensions?.code).toBe('CLAIMS_REQUIRED');
    }
  });
});
