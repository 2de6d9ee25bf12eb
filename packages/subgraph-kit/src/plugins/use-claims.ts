/**
 * Lets in JSON posts that carry the gateway's signature; the body of any other request is never parsed.
 */
import { CLAIMS_HEADER, type InternalClaims, POSITIONS_HEADER, readPositions } from '@lyceum/contracts';
import { ERRORS, type Logger, verifyClaims } from '@lyceum/service-kit';
import type { Plugin } from 'graphql-yoga';
import { toGraphQLError } from '../errors.ts';
import { RequestPositions } from '../request-positions.ts';

/** Travels beside the request, from the check of its claims to its context, and back. */
export interface ServerContext {
  claims?: InternalClaims;
  positions?: RequestPositions;
}

export function useClaims({ secret, log }: { secret: string; log: Logger }): Plugin<object, ServerContext> {
  return {
    async onRequest({ request, serverContext, endResponse, fetchAPI }) {
      if (request.method !== 'POST') {
        return endResponse(new fetchAPI.Response(null, { status: 405, headers: { allow: 'POST' } }));
      }
      if (!/^application\/json\s*(;|$)/i.test(request.headers.get('content-type') ?? '')) {
        return endResponse(new fetchAPI.Response(null, { status: 415, headers: { accept: 'application/json' } }));
      }
      try {
        const requestId = request.headers.get('x-request-id');
        serverContext.claims = await verifyClaims(request.headers.get(CLAIMS_HEADER), secret, 'subgraph', {
          requestId,
        });
        const positions = request.headers.get(POSITIONS_HEADER);
        serverContext.positions = new RequestPositions(positions === null ? undefined : readPositions(positions));
      } catch (error) {
        const body = JSON.stringify({ errors: [toGraphQLError(error, log)] });
        const headers = { 'content-type': 'application/json', connection: 'close' };
        endResponse(new fetchAPI.Response(body, { status: ERRORS.CLAIMS_REQUIRED.status, headers }));
      }
    },
  };
}
