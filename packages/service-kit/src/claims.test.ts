import { randomUUID } from 'node:crypto';
import { base64url, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { signClaims, verifyClaims } from './claims.ts';

const secret = 'a secret of at least thirty-two characters';
const claims = {
  requestId: 'request-1',
  viewer: { id: randomUUID(), sessionId: randomUUID(), roles: ['LEARNER' as const] },
};
const at = (text: string) => ({ clock: { now: () => new Date(text) } });
const refused = { code: 'CLAIMS_REQUIRED' };

test('signed claims come out as they went in', async () => {
  const token = await signClaims(claims, secret, 'subgraph');
  expect(await verifyClaims(token, secret, 'subgraph')).toEqual(claims);
  const anonymous = await signClaims({ ...claims, viewer: null }, secret, 'gateway');
  expect((await verifyClaims(anonymous, secret, 'gateway')).viewer).toBeNull();
});

test('claims that name no request take the one that came beside them, and are refused without any', async () => {
  const token = signClaims({ viewer: claims.viewer }, secret, 'subgraph');
  expect(await verifyClaims(token, secret, 'subgraph', { requestId: 'request-2' })).toEqual({
    ...claims,
    requestId: 'request-2',
  });
  const named = signClaims(claims, secret, 'subgraph');
  expect((await verifyClaims(named, secret, 'subgraph', { requestId: 'request-2' })).requestId).toBe('request-1');
  await expect(verifyClaims(token, secret, 'subgraph')).rejects.toMatchObject(refused);
  await expect(verifyClaims(token, secret, 'subgraph', { requestId: 'x'.repeat(200) })).rejects.toMatchObject(refused);
});

test('expired claims are refused', async () => {
  const token = await signClaims(claims, secret, 'subgraph', at('2026-11-21T10:00:00Z'));
  await verifyClaims(token, secret, 'subgraph', at('2026-11-21T10:00:59Z'));
  await expect(verifyClaims(token, secret, 'subgraph', at('2026-11-21T10:01:06Z'))).rejects.toMatchObject(refused);
});

test('claims made for one audience are refused by the other', async () => {
  const token = await signClaims(claims, secret, 'subgraph');
  await expect(verifyClaims(token, secret, 'gateway')).rejects.toMatchObject(refused);
});

test('claims signed with another secret, changed, unsigned or absent are refused', async () => {
  const token = await signClaims(claims, secret, 'subgraph');
  const [header, , signature] = token.split('.');
  const forged = base64url.encode(JSON.stringify({ ...claims, viewer: { ...claims.viewer, roles: ['ADMIN'] } }));
  const unsigned = `${base64url.encode('{"alg":"none"}')}.${forged}.`;
  await expect(verifyClaims(token, 'x'.repeat(32), 'subgraph')).rejects.toMatchObject(refused);
  for (const bad of [`${header}.${forged}.${signature}`, unsigned, 'nonsense', '', null, undefined]) {
    await expect(verifyClaims(bad, secret, 'subgraph')).rejects.toMatchObject(refused);
  }
});

test('a token that lives longer than claims may is refused', async () => {
  const eternal = await new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('lyceum')
    .setAudience('subgraph')
    .setIssuedAt(Math.floor(Date.now() / 1_000) - 600)
    .setExpirationTime('1y')
    .sign(new TextEncoder().encode(secret));
  await expect(verifyClaims(eternal, secret, 'subgraph')).rejects.toMatchObject(refused);
});
