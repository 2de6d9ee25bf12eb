/**
 * Signs and checks the internal claims with which services believe each other about the viewer.
 *
 * An HS256 token of 60 seconds, bound to its audience: what the gateway signs for subgraphs opens no door of the
 * gateway itself, and the other way round.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { InternalClaims } from '@lyceum/contracts';
import { jwtVerify, SignJWT } from 'jose';
import { type Clock, systemClock } from './clock.ts';
import { LyceumError } from './errors.ts';

export type ClaimsAudience = 'subgraph' | 'gateway';

const ISSUER = 'lyceum';
const LIFE_SECONDS = 60;
/** Clocks of two machines may differ by this much. */
const TOLERANCE_SECONDS = 5;

export async function signClaims(
  claims: InternalClaims,
  secret: string,
  audience: ClaimsAudience,
  { clock = systemClock }: { clock?: Clock } = {},
): Promise<string> {
  const issuedAt = Math.floor(clock.now().getTime() / 1_000);
  return await new SignJWT({ requestId: claims.requestId, viewer: claims.viewer })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LIFE_SECONDS)
    .sign(keyOf(secret));
}

/** Throws CLAIMS_REQUIRED for whatever is wrong; the reason is in the error's cause, for logs only. */
export async function verifyClaims(
  token: string | null | undefined,
  secret: string,
  audience: ClaimsAudience,
  { clock = systemClock }: { clock?: Clock } = {},
): Promise<InternalClaims> {
  if (!token) throw new LyceumError('CLAIMS_REQUIRED');
  try {
    const { payload } = await jwtVerify(token, keyOf(secret), {
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience,
      currentDate: clock.now(),
      clockTolerance: TOLERANCE_SECONDS,
      maxTokenAge: LIFE_SECONDS,
      requiredClaims: ['exp', 'iat'],
    });
    return InternalClaims.parse(payload);
  } catch (cause) {
    throw new LyceumError('CLAIMS_REQUIRED', undefined, undefined, { cause });
  }
}

let lastKey: { secret: string; key: KeyObject } | undefined;

function keyOf(secret: string): KeyObject {
  if (lastKey?.secret !== secret) lastKey = { secret, key: createSecretKey(secret, 'utf8') };
  return lastKey.key;
}
