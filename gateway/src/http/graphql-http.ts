/**
 * The HTTP door: serves the requests that nearly all clients send, straight on Node's server.
 *
 * That is POST with a JSON body and GET with a query string, answered by one JSON body. Everything uncommon — a preflight,
 * a stream, another method or content type — goes to Yoga's door with the same pipeline behind it; a test proves that both
 * answer alike. Bodies are JSON only, which a page of another origin cannot send without leave: no form forges a request.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { collectBody } from './collect-body.ts';
import { carry, commonHeaders, requestIdOf } from './common-headers.ts';
import { ENDPOINT } from './endpoint.ts';
import { type DoorParts, HttpExchange } from './http-exchange.ts';
import { negotiate } from './media-types.ts';
import { readBody, readQueryString, tooLarge } from './read-params.ts';

export type RequestHandler = (req: IncomingMessage, res: ServerResponse) => void;

/** `uncommon` finds the id of the request in its headers, and what every answer carries on the response. */
export function createGraphQLHttp(parts: DoorParts & { uncommon: RequestHandler }): RequestHandler {
  const { policy, uncommon } = parts;

  return (req, res) => {
    const requestId = requestIdOf(req);
    const common = commonHeaders(req, requestId, policy.current);
    const { mediaType, stream } = negotiate(req.headers.accept);
    const search = searchOf(req);
    if (mediaType === null || stream || (search === null && !isJsonPost(req))) {
      carry(req, res, requestId, common);
      uncommon(req, res);
      return;
    }
    const exchange = new HttpExchange(parts, req, res, { requestId, common, mediaType });
    if (search !== null) return exchange.run(() => readQueryString(search));
    collectBody(req, policy.current.limits.maxBodyBytes, (body) =>
      exchange.run(() => {
        if (!body) throw tooLarge();
        return readBody(body);
      }),
    );
  };
}

/** The query string of a GET that has one; null for all else. */
function searchOf({ method, url = '' }: IncomingMessage): string | null {
  return method === 'GET' && url.startsWith(`${ENDPOINT}?`) ? url.slice(ENDPOINT.length + 1) : null;
}

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** A POST whose body both doors read; whatever else is posted is refused with 415. */
export function isJsonPost({ method, url = '', headers }: IncomingMessage): boolean {
  if (method !== 'POST' || (url !== ENDPOINT && !url.startsWith(`${ENDPOINT}?`))) return false;
  const type = headers['content-type'];
  return (type === 'application/json' || JSON_TYPE.test(type ?? '')) && headers['content-encoding'] === undefined;
}
