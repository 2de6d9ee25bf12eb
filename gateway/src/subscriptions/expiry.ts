/**
 * When a viewer loses the right to a stream or a socket.
 */

/** setTimeout takes no more: what lives longer than 24 days ends early, and its client comes back. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls `expire` then, or at once if the time is past. Returns the way to forget about it. */
export function atExpiry(expiresAt: Date, expire: () => void): () => void {
  const left = Math.max(0, Math.min(expiresAt.getTime() - Date.now(), MAX_TIMER_MS));
  const timer = setTimeout(expire, left);
  return () => clearTimeout(timer);
}
