/**
 * What every request to a subgraph carries besides its body: who asks, for which request, and what the policy lets pass.
 */
import { CLAIMS_HEADER, POSITIONS_HEADER, type Viewer } from '@lyceum/contracts';
import { signClaims } from '@lyceum/service-kit';
import type { SubgraphsPolicy } from '../../config.ts';
import type { OperationScope } from '../../operation-scope.ts';
import { ACCEPTED_ENCODINGS } from './compression.ts';

/** Of the 60 s that claims live: a request that is retried must still arrive with good ones. */
const REUSE_MS = 20_000;
const MAX_SIGNED = 10_000;

/** Names everything about the caller that can change an answer: equal text, equal rights. */
export type CallerKey = string;

export function callerKey({ viewer, headers }: OperationScope, propagated: readonly string[]): CallerKey {
  const key = viewerKey(viewer);
  if (propagated.length === 0 || !headers) return key;
  return `${key}\n${JSON.stringify(propagated.map((name) => headers[name] ?? null))}`;
}

function viewerKey(viewer: Viewer | null): string {
  return viewer ? `${viewer.id} ${viewer.sessionId} ${viewer.roles.join()}` : '';
}

/** Names and values in turn, as undici takes them. */
export type WriteHeaders = (scope: OperationScope, settings: SubgraphsPolicy) => string[];

/** Claims are signed once for a viewer and reused for a third of their life; the request is named beside them. */
export function createHeaderWriter(claimsSecret: string): WriteHeaders {
  const signed = new Map<string, { readonly token: string; readonly until: number }>();

  function claimsOf(viewer: Viewer | null): string {
    const key = viewerKey(viewer);
    const now = performance.now();
    const known = signed.get(key);
    if (known && known.until > now) return known.token;
    const token = signClaims({ viewer }, claimsSecret, 'subgraph');
    // Insertion order is the order of age.
    signed.delete(key);
    signed.set(key, { token, until: now + REUSE_MS });
    if (signed.size > MAX_SIGNED) signed.delete(signed.keys().next().value ?? key);
    return token;
  }

  return (scope, { propagateHeaders, compression }) => {
    const headers = [
      'content-type',
      'application/json',
      'accept',
      'application/graphql-response+json, application/json',
      'x-request-id',
      scope.requestId,
      CLAIMS_HEADER,
      claimsOf(scope.viewer),
    ];
    if (scope.positions !== undefined) headers.push(POSITIONS_HEADER, scope.positions);
    if (compression.responses) headers.push('accept-encoding', ACCEPTED_ENCODINGS);
    if (scope.headers) {
      for (const name of propagateHeaders) {
        const value = scope.headers[name];
        if (value !== undefined) headers.push(name, value);
      }
    }
    return headers;
  };
}
