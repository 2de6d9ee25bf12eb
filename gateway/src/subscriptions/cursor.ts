/**
 * Cursors: where a subscription stands at its subgraph, so that it can go on from there.
 *
 * The subgraph makes and checks them; here they are handed on as they are, both ways. A client brings one in
 * `extensions.cursor`, where null asks for a cursor before the first event, or in the header `Last-Event-ID`.
 */
import { refusal } from '../errors.ts';
import type { SubgraphResponse } from '../federation/subgraph-client.ts';
import type { GatewayRequest } from '../pipeline.ts';

/** What fits into a header and into a line of server-sent events. */
const CURSOR = /^[\x21-\x7e]{1,512}$/;

/** Undefined if the client does not ask for cursors. Throws BAD_REQUEST. */
export function askedCursor(request: GatewayRequest): string | null | undefined {
  const { cursor = request.header('last-event-id') || undefined } = request.params.extensions ?? {};
  if (cursor === undefined || cursor === null) return cursor;
  if (typeof cursor === 'string' && CURSOR.test(cursor)) return cursor;
  throw refusal('BAD_REQUEST', '`extensions.cursor` must be a cursor that came with an event, or null.');
}

/** Undefined for events of subgraphs that know no cursors. */
export function cursorOf({ extensions }: Pick<SubgraphResponse, 'extensions'>): string | undefined {
  const cursor = extensions?.cursor;
  return typeof cursor === 'string' && CURSOR.test(cursor) ? cursor : undefined;
}

/** Whether this only tells the cursor from which events will follow. */
export function isOpening({ data, errors, extensions }: SubgraphResponse): boolean {
  return data === undefined && errors === undefined && cursorOf({ extensions }) !== undefined;
}

/** In milliseconds since 1970; undefined if the subgraph does not tell. */
export function committedAtOf({ extensions }: Pick<SubgraphResponse, 'extensions'>): number | undefined {
  const committedAt = extensions?.committedAt;
  return typeof committedAt === 'number' ? committedAt : undefined;
}
