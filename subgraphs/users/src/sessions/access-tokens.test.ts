/**
 * Access tokens and the key that signs them.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_ISSUER } from '@lyceum/contracts';
import type { Clock } from '@lyceum/service-kit';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { createAccessTokens } from './access-tokens.ts';
import { createSigningKey } from './signing-key.ts';

const pemOf = (modulusLength: number) =>
  generateKeyPairSync('rsa', { modulusLength }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const noon = new Date('2026-11-21T12:00:00.500Z');
const clock: Clock = { now: () => noon };
const claims = { sub: randomUUID(), sid: randomUUID(), roles: ['LEARNER' as const] };

describe('an access token', () => {
  it('verifies against the public key that its kid names, and says who and in which session', async () => {
    const key = await createSigningKey(pemOf(2_048));
    const { token } = await createAccessTokens(key, clock).issue(claims);
    const keySet = createLocalJWKSet({ keys: [key.publicJwk] });
    const options = { issuer: ACCESS_TOKEN_ISSUER, audience: ACCESS_TOKEN_AUDIENCE, currentDate: noon };
    const { payload } = await jwtVerify(token, keySet, options);
    expect(payload).toMatchObject(claims);
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'RS256', kid: key.keyId });
  });

  it('ends 15 minutes after it was issued', async () => {
    const key = await createSigningKey(pemOf(2_048));
    const { expiresAt } = await createAccessTokens(key, clock).issue(claims);
    expect(expiresAt).toEqual(new Date('2026-11-21T12:15:00.000Z'));
  });

  it('is not signed with a key that is too short, nor with one that is not RSA', async () => {
    await expect(createSigningKey(pemOf(1_024))).rejects.toThrow('at least 2048 bits');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await expect(createSigningKey(pem)).rejects.toThrow('must be an RSA key');
  });

  it('reveals no private part through the published key', async () => {
    const { publicJwk } = await createSigningKey(pemOf(2_048));
    expect(Object.keys(publicJwk).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });
});
