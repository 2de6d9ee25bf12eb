/**
 * What every answer carries, whichever door gives it: the id of the request, and leave for pages of other origins.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayPolicy } from '../config.ts';

/** What pages of other origins may read of an answer. */
export const EXPOSED_HEADERS = 'x-request-id, retry-after';

/** A caller's id is kept if it is one, so that logs of several services can be joined. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const proposed = headers['x-request-id'];
  return typeof proposed === 'string' && /^[\w-]{1,128}$/.test(proposed) ? proposed : randomUUID();
}

/** Names and values in turn. Origins get leave by name, never a wildcard with credentials: tokens travel in a header. */
export function commonHeaders({ headers }: IncomingMessage, requestId: string, { cors }: GatewayPolicy): string[] {
  if (cors.origins.length === 0) return ['x-request-id', requestId, 'vary', 'accept-encoding'];
  const common = ['x-request-id', requestId, 'vary', 'origin, accept-encoding'];
  const { origin } = headers;
  if (origin !== undefined && isAllowed(origin, cors.origins)) {
    common.push('access-control-allow-origin', origin, 'access-control-expose-headers', EXPOSED_HEADERS);
  }
  return common;
}

/** For a door that finds both on what it is handed. */
export function carry(req: IncomingMessage, res: ServerResponse, requestId: string, common: readonly string[]): void {
  req.headers['x-request-id'] = requestId;
  for (const [at, name] of common.entries()) if (at % 2 === 0) res.setHeader(name, common[at + 1] ?? '');
}

/** For the question a browser asks before it sends a request of another origin. */
export function isAllowed(origin: string, origins: readonly string[]): boolean {
  return origins.includes(origin) || origins.includes('*');
}
