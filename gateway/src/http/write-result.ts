/**
 * Writes a result as the JSON text that a client reads. Every door writes with this: HTTP, server-sent events, WebSocket.
 */
import { formatError } from '../errors.ts';
import type { Result } from '../pipeline.ts';

/** Errors as they are sent, first; what only tells transports how to answer is left out. */
export function writeResult(result: Result): string {
  return JSON.stringify(result.errors ? { ...result, errors: result.errors.map(formatError) } : result);
}
