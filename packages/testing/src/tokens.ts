/**
 * Claims as the gateway signs them, for tests that speak to a subgraph directly.
 */
import { randomUUID } from 'node:crypto';
import { CLAIMS_HEADER, type Viewer } from '@lyceum/contracts';
import { signClaims } from '@lyceum/service-kit';

/** The header that makes a subgraph see this viewer, by default a learner; null for an anonymous request. */
export async function claimsHeader(
  env: Readonly<Record<string, string>>,
  viewer: (Pick<Viewer, 'id'> & Partial<Viewer>) | null,
): Promise<Record<string, string>> {
  const claims = {
    requestId: randomUUID(),
    viewer: viewer && { sessionId: randomUUID(), roles: ['LEARNER' as const], ...viewer },
  };
  return { [CLAIMS_HEADER]: await signClaims(claims, env.CLAIMS_SECRET ?? '', 'subgraph') };
}
