/**
 * When a viewer loses the right to a stream or a socket: the access token expires or is revoked.
 */
import type { Identity } from './identity.ts';
import type { Revocations } from './revocations.ts';

const EXPIRED = 'The access token has expired.';

/** Calls `end` once then, soon if it is past already. Returns the way to forget about it. */
export type WatchIdentity = (identity: Identity, end: (reason: string) => void) => () => void;

/** setTimeout takes no more: what lives longer than 24 days ends early, and its client comes back. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createIdentityWatch(revocations: Revocations): WatchIdentity {
  return ({ viewer, expiresAt }, end) => {
    // Services of ours ask with claims, which are not of a session's tokens.
    if (!viewer || !expiresAt) return () => {};
    const revoked = revocations.against(viewer);
    const left = Math.max(0, Math.min(expiresAt.getTime() - Date.now(), MAX_TIMER_MS));
    const timer = setTimeout(over, revoked ? 0 : left, revoked ?? EXPIRED);
    const unwatch = revocations.watch(viewer, over);

    function forget(): void {
      clearTimeout(timer);
      unwatch();
    }
    function over(reason: string): void {
      forget();
      end(reason);
    }
    return forget;
  };
}
