/**
 * Everything the gateway opens, in one place; closed in reverse.
 */
import { join } from 'node:path';
import { createMetrics, type Lifecycle, type Logger, openPolicy } from '@lyceum/service-kit';
import { createAuthenticator } from './auth/authenticator.ts';
import { type GatewayEnv, GatewayPolicy, subgraphUrls } from './config.ts';
import { createPlanCache } from './federation/plan-cache.ts';
import { createSubgraphClient } from './federation/subgraph-client.ts';
import { openSupergraph } from './federation/supergraph.ts';
import { createGatewayMetrics } from './observability/gateway-metrics.ts';
import { createSubgraphSubscriptions } from './subscriptions/subgraph-subscriptions.ts';

export async function openResources(env: GatewayEnv, life: Lifecycle, log: Logger) {
  const policyFile = join(env.CONFIG_DIR, 'gateway.yaml');
  const policy = life.own('policy', await openPolicy(policyFile, GatewayPolicy, { log }), (p) => p.close());
  const supergraph = life.own(
    'supergraph',
    await openSupergraph({ file: env.SUPERGRAPH_FILE, urls: subgraphUrls(env), log }),
    (s) => s.close(),
  );
  const metrics = createMetrics('gateway');
  const gatewayMetrics = createGatewayMetrics(metrics);
  const claimsSecret = env.CLAIMS_SECRET;

  const subgraphs = life.own('subgraphs', createSubgraphClient({ policy, claimsSecret }), (c) => c.close());
  const subscriptions = life.own(
    'subgraph subscriptions',
    createSubgraphSubscriptions({ policy, claimsSecret, log }),
    (s) => s.close(),
  );
  const authenticator = createAuthenticator({ jwksUrl: env.JWKS_URL, claimsSecret, policy: policy.current.jwks, log });
  const plans = createPlanCache({
    ...policy.current.plans,
    onLookup: (result) => gatewayMetrics.planLookups.inc({ result }),
  });
  return { policy, supergraph, metrics, gatewayMetrics, subgraphs, subscriptions, authenticator, plans, life, log };
}
export type Resources = Awaited<ReturnType<typeof openResources>>;
