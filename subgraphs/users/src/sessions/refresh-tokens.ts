/**
 * The form of refresh tokens: opaque to clients, 86 characters of base64url.
 *
 * A token is the session's id (16 bytes), the session's family secret (16 bytes, the same in all its tokens) and a
 * one-time secret (32 bytes). Only digests of the secrets are stored. Whoever shows the family secret with a one-time
 * secret that is not the newest has held a token of this session before: that is a second use, or a theft. Whoever
 * knows just the session's id, which is no secret, can do nothing with it.
 */
import { createHash, randomBytes } from 'node:crypto';

const idBytes = 16;
const familyBytes = 16;
const secretBytes = 32;

export interface RefreshToken {
  readonly sessionId: string;
  readonly family: Buffer;
  readonly secret: Buffer;
}

export function newRefreshToken(sessionId: string): RefreshToken {
  return { sessionId, family: randomBytes(familyBytes), secret: randomBytes(secretBytes) };
}

/** Of the same session and family, with another one-time secret. */
export function nextRefreshToken({ sessionId, family }: RefreshToken): RefreshToken {
  return { sessionId, family, secret: randomBytes(secretBytes) };
}

export function formatRefreshToken({ sessionId, family, secret }: RefreshToken): string {
  return Buffer.concat([Buffer.from(sessionId.replaceAll('-', ''), 'hex'), family, secret]).toString('base64url');
}

/** Null for anything that cannot have come from `formatRefreshToken`. */
export function parseRefreshToken(text: string): RefreshToken | null {
  const bytes = Buffer.from(text.slice(0, 128), 'base64url');
  if (bytes.length !== idBytes + familyBytes + secretBytes || bytes.toString('base64url') !== text) return null;
  const hex = bytes.toString('hex', 0, idBytes);
  const sessionId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const secretStart = idBytes + familyBytes;
  return { sessionId, family: bytes.subarray(idBytes, secretStart), secret: bytes.subarray(secretStart) };
}

/** What is stored of a secret. Plain SHA-256 does, because the secrets are random and long. */
export function digest(secret: Buffer): string {
  return createHash('sha256').update(secret).digest('base64url');
}
