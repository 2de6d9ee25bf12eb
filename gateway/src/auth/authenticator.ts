/**
 * Says who is asking: a person with an access token, a service of ours with signed claims, or nobody in particular.
 *
 * A credential that is given must be good: a bad one is refused, never taken for an anonymous request. Access tokens
 * are RS256 tokens checked with the public keys of the users service. The keys are cached; while their address does not
 * answer, the last known keys go on serving, so that signed-in learners do not notice. A token that was found good is not
 * checked again for a while, but for its session, which may have ended.
 */
import { ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_ISSUER, AccessTokenClaims } from '@lyceum/contracts';
import { type Clock, type Logger, LyceumError, systemClock, verifyClaims } from '@lyceum/service-kit';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type JWKSCacheInput,
  type JWTVerifyGetKey,
  type JWTVerifyResult,
  jwksCache,
  jwtVerify,
} from 'jose';
import type { GatewayPolicy } from '../config.ts';
import { type MaybePromise, whenKnown } from '../pipeline.ts';
import type { Identity } from './identity.ts';
import { NO_REVOCATIONS, type Revocations } from './revocations.ts';
import { createVerifiedTokens } from './verified-tokens.ts';

export interface Credentials {
  /** The Authorization header, or what a WebSocket client gave in its place. */
  readonly authorization: string | null;
  /** The header with internal claims. */
  readonly claims: string | null;
}

export interface Authenticator {
  /** Throws UNAUTHENTICATED for a bad credential, SERVICE_UNAVAILABLE if no keys could be had to tell. */
  authenticate(credentials: Credentials): MaybePromise<Identity>;
  /** Throws unless keys are at hand. */
  check(): Promise<void>;
}

const ANONYMOUS: Identity = { viewer: null, expiresAt: null, requestId: null };
/** Clocks of two machines may differ by this much. */
const CLOCK_TOLERANCE_SECONDS = 5;
const BAD_TOKEN =
  /^ERR_(JWT|JWS|JWK_INVALID|JOSE_ALG_NOT_ALLOWED|JOSE_NOT_SUPPORTED|JWKS_NO_MATCHING_KEY|JWKS_MULTIPLE)/;

export function createAuthenticator(options: {
  jwksUrl: string;
  claimsSecret: string;
  policy: GatewayPolicy['jwks'];
  log: Logger;
  revocations?: Pick<Revocations, 'against'>;
  clock?: Clock;
}): Authenticator {
  const { jwksUrl, claimsSecret, policy, log, revocations = NO_REVOCATIONS, clock = systemClock } = options;
  /** The keys as they were fetched last, for seeing that they have changed. */
  const fetched: JWKSCacheInput = {};
  const remoteKeys = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: policy.timeoutMs,
    cooldownDuration: policy.cooldownMs,
    cacheMaxAge: policy.cacheMs,
    [jwksCache]: fetched,
  });
  const verified = createVerifiedTokens({ clock, keys: () => fetched.jwks });

  async function verifyToken(token: string): Promise<JWTVerifyResult> {
    const verify = (keys: JWTVerifyGetKey) =>
      jwtVerify(token, keys, {
        algorithms: ['RS256'],
        issuer: ACCESS_TOKEN_ISSUER,
        audience: ACCESS_TOKEN_AUDIENCE,
        requiredClaims: ['exp', 'iat', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: clock.now(),
      });
    try {
      return await verify(remoteKeys);
    } catch (error) {
      const lastKnown = remoteKeys.jwks();
      if (isBadToken(error) || !lastKnown) throw error;
      log.warn({ err: error }, 'keys cannot be fetched, the last known ones are used');
      return await verify(createLocalJWKSet(lastKnown));
    }
  }

  function authenticateToken(authorization: string): MaybePromise<Identity> {
    const [, token] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization) ?? [];
    if (!token)
      throw new LyceumError('UNAUTHENTICATED', 'The Authorization header must be: Bearer, a space, an access token.');
    return whenKnown(verified.find(token) ?? checkToken(token), refuseRevoked);
  }

  function refuseRevoked(identity: Identity): Identity {
    const reason = identity.viewer && revocations.against(identity.viewer);
    if (reason) throw new LyceumError('UNAUTHENTICATED', reason);
    return identity;
  }

  async function checkToken(token: string): Promise<Identity> {
    let payload: JWTVerifyResult['payload'];
    try {
      ({ payload } = await verifyToken(token));
    } catch (cause) {
      if (!isBadToken(cause)) throw new LyceumError('SERVICE_UNAVAILABLE', undefined, undefined, { cause });
      throw refuseToken(cause);
    }
    const claims = AccessTokenClaims.safeParse(payload);
    if (!claims.success) throw refuseToken(claims.error);
    const { sub, sid, roles } = claims.data;
    const expiresAt = new Date((payload.exp ?? 0) * 1_000);
    const identity: Identity = { viewer: { id: sub, sessionId: sid, roles }, expiresAt, requestId: null };
    verified.remember(token, identity, expiresAt);
    return identity;
  }

  async function authenticateService(token: string): Promise<Identity> {
    try {
      const { viewer, requestId } = await verifyClaims(token, claimsSecret, 'gateway', { clock });
      return { viewer, requestId, expiresAt: null };
    } catch (cause) {
      throw new LyceumError('UNAUTHENTICATED', 'The internal claims are not valid.', undefined, { cause });
    }
  }

  return {
    authenticate({ authorization, claims }) {
      if (claims !== null && authorization !== null)
        throw new LyceumError('UNAUTHENTICATED', 'Give one credential, not two.');
      if (claims !== null) return authenticateService(claims);
      if (authorization !== null) return authenticateToken(authorization);
      return ANONYMOUS;
    },
    async check() {
      if (!remoteKeys.jwks()) await remoteKeys.reload();
    },
  };
}

/** One message for every fault of a token: which one it was helps only those who forge. */
function refuseToken(cause: unknown): LyceumError {
  return new LyceumError('UNAUTHENTICATED', 'The access token is not valid or has expired.', undefined, { cause });
}

function isBadToken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && BAD_TOKEN.test(String(error.code));
}
