/**
 * Who asks, as the authenticator found out.
 */
import type { Viewer } from '@lyceum/contracts';

export interface Identity {
  /** Null: anonymous. */
  readonly viewer: Viewer | null;
  /** When the identity ends; null for anonymous. */
  readonly expiresAt: Date | null;
  /** The request this one is made for, if a service of ours asks. */
  readonly requestId: string | null;
}

/** Of the same session and with the same roles, so that what was admitted for the one may be had by the other; or nobody, both. */
export function isSamePerson({ viewer: one }: Identity, { viewer: other }: Identity): boolean {
  if (!one || !other) return one === other;
  return (
    one.id === other.id &&
    one.sessionId === other.sessionId &&
    one.roles.length === other.roles.length &&
    one.roles.every((role) => other.roles.includes(role))
  );
}
