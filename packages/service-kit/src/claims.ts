/**
 * Signs and checks the internal claims with which services believe each other about the viewer.
 *
 * An HS256 token of 60 seconds, bound to its audience: what the gateway signs for subgraphs opens no door of the
 * gateway itself, and the other way round.
 */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { InternalClaims } from '@lyceum/contracts';
import { jwtVerify } from 'jose';
import { type Clock, systemClock } from './clock.ts';
import { LyceumError } from './errors.ts';

export type ClaimsAudience = 'subgraph' | 'gateway';

const ISSUER = 'lyceum';
const LIFE_SECONDS = 60;
/** Clocks of two machines may differ by this much. */
const TOLERANCE_SECONDS = 5;

/** Claims that name no request can serve many requests of one viewer; the request is then named beside them. */
export type Claims = Omit<InternalClaims, 'requestId'> & Partial<Pick<InternalClaims, 'requestId'>>;

const SignedPayload = InternalClaims.partial({ requestId: true });
const PROTECTED_HEADER = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url');

/** Signs at once: a promise for each request to a subgraph would cost more than the signature. */
export function signClaims(
  { requestId, viewer }: Claims,
  secret: string,
  audience: ClaimsAudience,
  { clock = systemClock }: { clock?: Clock } = {},
): string {
  const issuedAt = Math.floor(clock.now().getTime() / 1_000);
  const times = { iat: issuedAt, exp: issuedAt + LIFE_SECONDS };
  const payload = JSON.stringify({ requestId, viewer, iss: ISSUER, aud: audience, ...times });
  const signed = `${PROTECTED_HEADER}.${Buffer.from(payload).toString('base64url')}`;
  return `${signed}.${createHmac('sha256', keyOf(secret)).update(signed).digest('base64url')}`;
}

/**
 * Throws CLAIMS_REQUIRED for whatever is wrong; the reason is in the error's cause, for logs only. `requestId` is what came
 * beside the claims: it serves where they name no request, and is trusted like they are since nobody else gets in.
 */
export async function verifyClaims(
  token: string | null | undefined,
  secret: string,
  audience: ClaimsAudience,
  { clock = systemClock, requestId }: { clock?: Clock; requestId?: string | null } = {},
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
    const claims = SignedPayload.parse(payload);
    return InternalClaims.parse({ ...claims, requestId: claims.requestId ?? requestId });
  } catch (cause) {
    throw new LyceumError('CLAIMS_REQUIRED', undefined, undefined, { cause });
  }
}

let lastKey: { secret: string; key: KeyObject } | undefined;

function keyOf(secret: string): KeyObject {
  if (lastKey?.secret !== secret) lastKey = { secret, key: createSecretKey(secret, 'utf8') };
  return lastKey.key;
}
