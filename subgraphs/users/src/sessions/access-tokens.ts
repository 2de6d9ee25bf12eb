/**
 * Access tokens: RS256, 15 minutes, checked by the gateway against the published key and nowhere looked up.
 */
import {
  ACCESS_TOKEN_AUDIENCE,
  ACCESS_TOKEN_ISSUER,
  ACCESS_TOKEN_LIFE_SECONDS,
  type AccessTokenClaims,
} from '@lyceum/contracts';
import type { Clock } from '@lyceum/service-kit';
import { SignJWT } from 'jose';
import { type SigningKey, signingAlgorithm } from './signing-key.ts';

export interface AccessToken {
  readonly token: string;
  readonly expiresAt: Date;
}

export function createAccessTokens({ privateKey, keyId }: SigningKey, clock: Clock) {
  return {
    async issue({ sub, sid, roles }: AccessTokenClaims): Promise<AccessToken> {
      const issuedAt = Math.floor(clock.now().getTime() / 1_000);
      const expiresAt = issuedAt + ACCESS_TOKEN_LIFE_SECONDS;
      const token = await new SignJWT({ sid, roles })
        .setProtectedHeader({ alg: signingAlgorithm, kid: keyId, typ: 'JWT' })
        .setIssuer(ACCESS_TOKEN_ISSUER)
        .setAudience(ACCESS_TOKEN_AUDIENCE)
        .setSubject(sub)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(privateKey);
      return { token, expiresAt: new Date(expiresAt * 1_000) };
    },
  };
}

export type AccessTokens = ReturnType<typeof createAccessTokens>;
