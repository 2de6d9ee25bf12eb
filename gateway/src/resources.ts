/**
 * Everything the gateway opens, in one place; closed in reverse.
 */
import { join } from 'node:path';
import {
  closeRedis,
  connectRedis,
  createMetrics,
  createRedisKeys,
  type Lifecycle,
  type Live,
  type Logger,
  openPolicy,
} from '@lyceum/service-kit';
import { createAuthenticator } from './auth/authenticator.ts';
import { createIdentityWatch } from './auth/identity-end.ts';
import { createRevocations, NO_REVOCATIONS } from './auth/revocations.ts';
import { type GatewayEnv, GatewayPolicy, subgraphUrls } from './config.ts';
import { createPlanCache } from './federation/plan-cache.ts';
import { createPlanExecutor } from './federation/plan-executor.ts';
import { createSubgraphClient } from './federation/subgraph-client/create-subgraph-client.ts';
import { createFileSource } from './federation/supergraph/file-source.ts';
import { openSupergraph } from './federation/supergraph/open-supergraph.ts';
import { prepareSupergraph } from './federation/supergraph/prepare-supergraph.ts';
import { createRedisSource } from './federation/supergraph/redis-source.ts';
import { createSupergraphMetrics } from './federation/supergraph/supergraph-metrics.ts';
import type { SupergraphSource } from './federation/supergraph/supergraph-source.ts';
import { createUrlSource } from './federation/supergraph/url-source.ts';
import { createTokenLeases } from './limits/token-leases.ts';
import { createGatewayMetrics } from './observability/gateway-metrics.ts';
import { createSubgraphMetrics, watchInstances } from './observability/subgraph-metrics.ts';
import { createSubscriptionMetrics } from './observability/subscription-metrics.ts';
import { timeFetches } from './observability/time-fetches.ts';
import { openManifest } from './persisted-operations/open-manifest.ts';
import { createSubscriptionEngine } from './subscriptions/engine.ts';
import { createPresence, NO_PRESENCE } from './subscriptions/presence.ts';
import { createSubgraphSubscriptions } from './subscriptions/upstream/subgraph-subscriptions.ts';

/** A gateway that starts while Redis is away begins with what it has otherwise. */
const REDIS_WAIT_MS = 2_000;

export async function openResources(env: GatewayEnv, life: Lifecycle, log: Logger) {
  const policyFile = join(env.CONFIG_DIR, 'gateway.yaml');
  const policy = life.own('policy', await openPolicy(policyFile, GatewayPolicy, { log }), (p) => p.close());
  const documents = life.own(
    'persisted operations',
    await openManifest({
      file: env.PERSISTED_OPERATIONS_FILE ?? join(env.CONFIG_DIR, 'persisted-operations.json'),
      required: env.PERSISTED_OPERATIONS_FILE !== undefined,
      maxBytes: () => policy.current.persistedOperations.maxBytes,
      log,
    }),
    (d) => d.close(),
  );
  const metrics = createMetrics('gateway');
  const gatewayMetrics = createGatewayMetrics(metrics);
  const plans = createPlanCache({
    ...policy.current.plans,
    onLookup: (result) => gatewayMetrics.planLookups.inc({ result }),
  });
  const redis = await openRedis(env, life, log);
  const tokens = createTokenLeases({ redis, log });
  const supergraphMetrics = createSupergraphMetrics(metrics);
  const supergraph = life.own(
    'supergraph',
    await openSupergraph({
      sources: openSupergraphSources(env, policy, redis, log),
      urls: subgraphUrls(env),
      prepare: prepareSupergraph({
        plans,
        operations: (serving) => (serving ? plans.recent(serving, policy.current.plans.warm) : []),
        policy,
        metrics: supergraphMetrics,
        log,
      }),
      metrics: supergraphMetrics,
      log,
    }),
    (s) => s.close(),
  );
  supergraph.onReplaced((old) => plans.forget(old));
  const claimsSecret = env.CLAIMS_SECRET;

  const subgraphs = life.own(
    'subgraphs',
    createSubgraphClient({ policy, claimsSecret, log, events: createSubgraphMetrics(metrics) }),
    (c) => c.close(),
  );
  watchInstances(metrics, subgraphs);
  const upstream = life.own('subgraph subscriptions', createSubgraphSubscriptions({ policy, claimsSecret, log }), (s) =>
    s.close(),
  );
  const presence = redis ? life.own('presence', createPresence({ ...redis, log }), (p) => p.close()) : NO_PRESENCE;
  const executor = createPlanExecutor({ fetch: timeFetches(subgraphs, gatewayMetrics), log });
  const subscriptionMetrics = createSubscriptionMetrics(metrics);
  const subscriptions = life.own(
    'subscriptions',
    createSubscriptionEngine({ executor, upstream, plans, supergraph, policy, metrics: subscriptionMetrics, log }),
    (engine) => engine.close(),
  );
  supergraph.onReplaced(() => void subscriptions.replan());
  const revocations = redis
    ? life.own('revocations', createRevocations({ ...redis, log }), (r) => r.close())
    : NO_REVOCATIONS;
  const keySet = { jwksUrl: env.JWKS_URL, policy: policy.current.jwks };
  const authenticator = createAuthenticator({ ...keySet, claimsSecret, revocations, log });
  const watchIdentity = createIdentityWatch(revocations);
  return {
    ...{
      policy,
      documents,
      tokens,
      supergraph,
      plans,
      executor,
      subgraphs,
      subscriptions,
      authenticator,
      watchIdentity,
      presence,
    },
    ...{ metrics, gatewayMetrics, subscriptionMetrics, life, log },
  };
}

/** What is published outranks what a URL gives, and that the file, which every gateway has. */
function openSupergraphSources(
  env: GatewayEnv,
  policy: Live<GatewayPolicy>,
  redis: RedisConnections | null,
  log: Logger,
): SupergraphSource[] {
  const sources = [createFileSource(env.SUPERGRAPH_FILE, log)];
  if (env.SUPERGRAPH_URL) {
    const { SUPERGRAPH_URL: url, SUPERGRAPH_URL_AUTHORIZATION: authorization } = env;
    sources.unshift(createUrlSource({ url, authorization, policy }));
  }
  if (redis) sources.unshift(createRedisSource({ ...redis, policy }));
  return sources;
}

/** Null for a gateway without Redis. */
async function openRedis(env: GatewayEnv, life: Lifecycle, log: Logger) {
  const url = env.REDIS_URL;
  if (!url) return null;
  const open = async (role: 'cache' | 'subscriber' | 'limiter') =>
    life.own(`redis:${role}`, await connectRedis(url, role, { log, waitMs: REDIS_WAIT_MS }), closeRedis);
  const [redis, subscriber, limiter] = await Promise.all([open('cache'), open('subscriber'), open('limiter')]);
  return { redis, subscriber, limiter, keys: createRedisKeys(env.REDIS_PREFIX) };
}

type RedisConnections = NonNullable<Awaited<ReturnType<typeof openRedis>>>;

export type Resources = Awaited<ReturnType<typeof openResources>>;
