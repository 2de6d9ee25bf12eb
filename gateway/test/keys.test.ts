/**
 * The keys that tokens are checked with: cached, and kept while their address does not answer.
 */

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_ISSUER } from '@lyceum/contracts';
import { createLogger, listenOn } from '@lyceum/service-kit';
import { fixedClock } from '@lyceum/testing';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAuthenticator } from '../src/auth/authenticator.ts';
import { CLAIMS_SECRET } from './subgraphs.ts';

const log = createLogger('test', { level: 'silent' });
const clock = fixedClock('2026-11-21T10:00:00Z');
const keys = await generateKeyPair('RS256');
const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256' };
const authorization = `Bearer ${await new SignJWT({ sid: randomUUID(), roles: ['LEARNER'] })
  .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
  .setIssuer(ACCESS_TOKEN_ISSUER)
  .setAudience(ACCESS_TOKEN_AUDIENCE)
  .setSubject(randomUUID())
  .setIssuedAt(clock.now())
  .setExpirationTime(new Date(clock.now().getTime() + 900_000))
  .sign(keys.privateKey)}`;

let fetches: number;
let answer: () => { status: number; body: string };
let url: string;
let close: () => Promise<unknown>;
beforeEach(async () => {
  fetches = 0;
  answer = () => ({ status: 200, body: JSON.stringify({ keys: [jwk] }) });
  const server = createServer((_req, res) => {
    fetches += 1;
    const { status, body } = answer();
    res.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(body);
  });
  ({ url } = await listenOn(server, 0, '127.0.0.1'));
  close = () => new Promise((resolve) => server.close(resolve));
});
afterEach(() => close());

/** Keys older than `cacheMs` are fetched anew. */
const authenticator = (cacheMs: number) =>
  createAuthenticator({
    jwksUrl: url,
    claimsSecret: CLAIMS_SECRET,
    policy: { timeoutMs: 30_000, cooldownMs: 60_000, cacheMs },
    log,
    clock,
  });

test('keys are fetched once for many tokens', async () => {
  const { authenticate } = authenticator(600_000);
  const asked = await Promise.all(Array.from({ length: 20 }, () => authenticate({ authorization, claims: null })));
  expect(new Set(asked.map(({ viewer }) => viewer?.id)).size).toBe(1);
  await authenticate({ authorization, claims: null });
  expect(fetches).toBe(1);
});

test('tokens that name an unknown key do not make the gateway fetch keys for each', async () => {
  const { authenticate } = authenticator(600_000);
  const forged = `Bearer ${Buffer.from('{"alg":"RS256","kid":"k2"}').toString('base64url')}.${authorization.split('.').slice(1).join('.')}`;
  for (let i = 0; i < 10; i += 1) {
    await expect(authenticate({ authorization: forged, claims: null })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  }
  expect(fetches).toBe(1);
});

test('the last known keys go on serving while their address does not answer', async () => {
  const { authenticate } = authenticator(0);
  const before = await authenticate({ authorization, claims: null });
  answer = () => ({ status: 500, body: 'no' });
  clock.advance(60_000);
  expect(await authenticate({ authorization, claims: null })).toEqual(before);
  expect(fetches).toBe(2);
});

test('without any keys a token is neither accepted nor called bad, and the gateway is not ready', async () => {
  answer = () => ({ status: 500, body: 'no' });
  const { authenticate, check } = authenticator(600_000);
  await expect(authenticate({ authorization, claims: null })).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  await expect(check()).rejects.toThrow();
  expect(await authenticate({ authorization: null, claims: null })).toMatchObject({ viewer: null });
});

test('a token is refused once its time is over', async () => {
  const { authenticate } = authenticator(600_000);
  clock.advance(906_000);
  await expect(authenticate({ authorization, claims: null })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});
