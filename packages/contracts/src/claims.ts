/**
 * Who is asking. The gateway verifies a bearer token, and hands these claims on to subgraphs in a signed header.
 */
import { z } from 'zod';

export const Role = z.enum(['LEARNER', 'INSTRUCTOR', 'ADMIN']);
export type Role = z.output<typeof Role>;

/** Payload of the RS256 access token a client holds (15 minutes). */
export const AccessTokenClaims = z.object({
  sub: z.uuid(),
  sid: z.uuid(),
  roles: z.array(Role),
});
export type AccessTokenClaims = z.output<typeof AccessTokenClaims>;

/** `iss` and `aud` of access tokens: a token of any other kind never passes for one. */
export const ACCESS_TOKEN_ISSUER = 'lyceum';
export const ACCESS_TOKEN_AUDIENCE = 'lyceum-graph';

/** A signed-in person. Subgraphs see a viewer or null (anonymous), never a token. */
export interface Viewer {
  readonly id: string;
  readonly sessionId: string;
  readonly roles: readonly Role[];
}

/** Payload of the signed internal header. `viewer` is null for an anonymous request. */
export const InternalClaims = z.object({
  requestId: z.string().max(128),
  viewer: z.object({ id: z.uuid(), sessionId: z.uuid(), roles: z.array(Role) }).nullable(),
});
export type InternalClaims = z.output<typeof InternalClaims>;

/** The header that carries the signed InternalClaims. Never accepted from the public side without a valid signature. */
export const CLAIMS_HEADER = 'lyceum-claims';
