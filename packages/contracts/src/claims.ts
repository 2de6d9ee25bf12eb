/**
 * Who is asking. The gateway verifies a bearer token, and hands these claims on to subgraphs in a signed header.
 */
import { z } from 'zod';

export const Role = z.enum(['LEARNER', 'INSTRUCTOR', 'ADMIN']);
export type Role = z.output<typeof Role>;

const Roles = z.array(Role).readonly();

/** Payload of the RS256 access token a client holds (15 minutes). */
export const AccessTokenClaims = z.object({ sub: z.uuid(), sid: z.uuid(), roles: Roles });
export type AccessTokenClaims = z.output<typeof AccessTokenClaims>;

/** `iss` and `aud` of access tokens: a token of any other kind never passes for one. */
export const ACCESS_TOKEN_ISSUER = 'lyceum';
export const ACCESS_TOKEN_LIFE_SECONDS = 15 * 60;
export const ACCESS_TOKEN_AUDIENCE = 'lyceum-graph';

/** A signed-in person. Subgraphs see a viewer or null (anonymous), never a token. */
export const Viewer = z.object({ id: z.uuid(), sessionId: z.uuid(), roles: Roles }).readonly();
export type Viewer = z.output<typeof Viewer>;

/** Payload of the signed internal header. `viewer` is null for an anonymous request. */
export const InternalClaims = z.object({ requestId: z.string().max(128), viewer: Viewer.nullable() });
export type InternalClaims = z.output<typeof InternalClaims>;

/** The header that carries the signed InternalClaims. Never accepted from the public side without a valid signature. */
export const CLAIMS_HEADER = 'lyceum-claims';
