/**
 * GET /.well-known/jwks.json: the public keys (RFC 7517) against which access tokens are checked.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SigningKey } from './signing-key.ts';

export function jwksRoute({ publicJwk }: SigningKey) {
  const body = JSON.stringify({ keys: [publicJwk] });
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    const headers = { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' };
    response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : body);
  };
}
