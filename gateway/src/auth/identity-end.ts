/**
 * When a viewer loses the right to a stream or a socket: the access token expires, or its session ends.
 */
import type { EndedSessions } from './ended-sessions.ts';
import type { Identity } from './identity.ts';

const EXPIRED = 'The access token has expired.';
const ENDED = 'The session has ended.';

/** Calls `end` once then, soon if it is past already. Returns the way to forget about it. */
export type WatchIdentity = (identity: Identity, end: (reason: string) => void) => () => void;

/** setTimeout takes no more: what lives longer than 24 days ends early, and its client comes back. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createIdentityWatch(sessions: EndedSessions): WatchIdentity {
  return ({ viewer, expiresAt }, end) => {
    // Services of ours ask with claims, which are not of a session's tokens.
    if (!viewer || !expiresAt) return () => {};
    const hasEnded = sessions.has(viewer.sessionId);
    const left = Math.max(0, Math.min(expiresAt.getTime() - Date.now(), MAX_TIMER_MS));
    const timer = setTimeout(over, hasEnded ? 0 : left, hasEnded ? ENDED : EXPIRED);
    const unwatch = sessions.watch(viewer.sessionId, () => over(ENDED));

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
