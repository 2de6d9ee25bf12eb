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
