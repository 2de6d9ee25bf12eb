/**
 * Tells a GraphQL answer from everything else that may come back over HTTP.
 */
import type { SubgraphResponse } from '../subgraph-client.ts';
import { SubgraphFailure } from './subgraph-failure.ts';

/** Throws a SubgraphFailure. A GraphQL answer counts as one whatever its status is. */
export function readAnswer(status: number, text: string, positions?: string): SubgraphResponse {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw notAnAnswer(status, 'is no JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || !('data' in parsed || 'errors' in parsed)) {
    throw notAnAnswer(status, 'is no GraphQL result');
  }
  const answer = parsed as SubgraphResponse;
  return positions === undefined ? answer : { ...answer, positions };
}

function notAnAnswer(status: number, reason: string): SubgraphFailure {
  const kind = status === 502 || status === 503 || status === 504 ? 'gateway-status' : 'no-answer';
  return new SubgraphFailure(kind, `the answer ${reason} (status ${status})`);
}
