/**
 * Claims as the gateway signs them, for tests that speak to a subgraph directly.
 */
import { randomUUID } from 'node:crypto';
import { CLAIMS_HEADER, type Role } from '@lyceum/contracts';
import { signClaims } from '@lyceum/service-kit';

/** The header that makes a subgraph see this viewer; null for an anonymous request. */
export async function claimsHeader(
  env: Readonly<Record<string, string>>,
  viewer: { id: string; roles?: Role[] } | null,
): Promise<Record<string, string>> {
  const claims = {
    requestId: randomUUID(),
    viewer: viewer && { id: viewer.id, sessionId: randomUUID(), roles: viewer.roles ?? ['LEARNER' as const] },
  };
  return { [CLAIMS_HEADER]: await signClaims(claims, env.CLAIMS_SECRET ?? '', 'subgraph') };
}
