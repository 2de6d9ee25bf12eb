/**
 * Finds the document that a request holds or names.
 *
 * It is named by `documentId`, as in the persisted documents of GraphQL over HTTP, or by
 * `extensions.persistedQuery.sha256Hash`, as Apollo's clients do; protocols that want a `query` get an empty one. There is
 * no automatic registration: a request that has a text as well, to have it registered, runs its text like any other.
 */
import type { GatewayPolicy } from '../config.ts';
import { refusal } from '../errors.ts';
import type { GatewayRequest } from '../pipeline.ts';
import type { Manifest } from './manifest.ts';

type Params = GatewayRequest['params'];

/** Whether a document is named, in whatever way; such a request needs no `query`. */
export function namesDocument(params: Params): boolean {
  return idOf(params) !== undefined;
}

/** Throws BAD_REQUEST, PERSISTED_QUERY_NOT_FOUND, or FORBIDDEN for a text that is not in the manifest where it must be. */
export function findDocument(
  params: Params,
  manifest: Manifest,
  { persistedOperations }: Pick<GatewayPolicy, 'persistedOperations'>,
): string {
  const { query, documentId } = params;
  const id = idOf(params);
  if (id === undefined || (query ?? '') !== '') {
    if (typeof query !== 'string') throw refusal('BAD_REQUEST', '`query` must be a string.');
    if (documentId === id && id !== undefined)
      throw refusal('BAD_REQUEST', 'A request holds a `query` or a `documentId`, not both.');
    if (persistedOperations.only && !manifest.holds(query)) throw refusal('FORBIDDEN', ONLY_PERSISTED);
    return query;
  }
  if (typeof id !== 'string') throw refusal('BAD_REQUEST', 'The id of a document must be a string.');
  const text = manifest.textOf(id);
  if (text === undefined) throw refusal('PERSISTED_QUERY_NOT_FOUND', undefined, { details: { remedy: NOT_FOUND } });
  return text;
}

const ONLY_PERSISTED =
  'Only registered operations are served here: register this one, and name it by its `documentId`.';
const NOT_FOUND = 'No document with this id is registered here: register it, or send the document as `query`.';

/** Null counts as absent. */
function idOf({ documentId, extensions }: Params): unknown {
  if (documentId !== undefined && documentId !== null) return documentId;
  const persisted = extensions?.persistedQuery;
  if (typeof persisted !== 'object' || persisted === null) return undefined;
  return (persisted as { sha256Hash?: unknown }).sha256Hash ?? undefined;
}
