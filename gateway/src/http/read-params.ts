/**
 * Reads what is asked for from a JSON body or a query string: the same rules at both doors.
 *
 * A body is counted while it comes: what is too large is refused before it is kept, let alone parsed. Throws
 * PAYLOAD_TOO_LARGE, or BAD_REQUEST for what is no GraphQL request; those are answered so whatever media type is accepted.
 */

import { refusal } from '../errors.ts';
import { namesDocument } from '../persisted-operations/find-document.ts';
import type { GatewayRequest } from '../pipeline.ts';

export type Params = GatewayRequest['params'];

/** A byte order mark is no part of JSON, but harmless; bytes that are no UTF-8 are refused. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

export function readBody(body: Uint8Array): Params {
  let params: unknown;
  try {
    params = JSON.parse(utf8.decode(body));
  } catch {
    throw noRequest('The body is not JSON.');
  }
  if (Array.isArray(params)) throw noRequest('A request holds one operation.');
  if (typeof params !== 'object' || params === null) throw noRequest('The body must be a JSON map.');
  return checkParams(params as Record<string, unknown>);
}

/** `search` without its question mark. */
export function readQueryString(search: string): Params {
  const params: Record<string, unknown> = Object.fromEntries(new URLSearchParams(search));
  for (const name of ['variables', 'extensions']) {
    const text = params[name];
    if (text === undefined) continue;
    try {
      params[name] = JSON.parse(String(text));
    } catch {
      throw noRequest('`variables` and `extensions` must be JSON.');
    }
  }
  return checkParams(params);
}

export function tooLarge() {
  return refusal('PAYLOAD_TOO_LARGE', undefined, { wellFormed: false });
}

const NAMES: ReadonlySet<string> = new Set(['query', 'documentId', 'variables', 'operationName', 'extensions']);

function checkParams(params: Record<string, unknown>): Params {
  for (const name in params) {
    if (!NAMES.has(name) && params[name] !== null) throw noRequest('A request holds a parameter that has no meaning.');
  }
  const { operationName, documentId, variables, extensions } = params;
  if (typeof (documentId ?? '') !== 'string') throw noRequest('`documentId` must be a string.');
  if (typeof (operationName ?? '') !== 'string') throw noRequest('`operationName` must be a string.');
  if (!isMapOrAbsent(variables)) throw noRequest('`variables` must be a map.');
  if (!isMapOrAbsent(extensions)) throw noRequest('`extensions` must be a map.');
  if (namesDocument(params)) params.query ??= '';
  if (typeof params.query !== 'string') throw noRequest('`query` must be a string.');
  return params;
}

function isMapOrAbsent(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && !Array.isArray(value));
}

function noRequest(message: string) {
  return refusal('BAD_REQUEST', message, { wellFormed: false });
}
