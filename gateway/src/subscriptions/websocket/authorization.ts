/**
 * Finds the credential among what a WebSocket client gives in place of headers.
 */

/** Null if there is none. Names are compared without regard to case; GraphiQL nests what it sends as `headers`. */
export function readAuthorization(params: unknown): string | null {
  if (typeof params !== 'object' || params === null) return null;
  for (const [name, value] of Object.entries(params)) {
    // A value that is given but no string is a bad credential, not an absent one.
    if (name.toLowerCase() === 'authorization') return typeof value === 'string' ? value : '';
    if (name === 'headers') return readAuthorization(value);
  }
  return null;
}
