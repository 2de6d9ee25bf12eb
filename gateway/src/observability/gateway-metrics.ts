/**
 * What the gateway measures. Labels are bounded: operation types, subgraph names and names listed in the policy.
 */
import { DURATION_BUCKETS, type Metrics } from '@lyceum/service-kit';

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

export function createGatewayMetrics(metrics: Metrics) {
  return {
    operationSeconds: metrics.histogram({
      name: 'lyceum_gateway_operation_seconds',
      help: 'Time to answer a query or mutation, or to admit a subscription.',
      labelNames: ['type', 'operation', 'outcome'],
      buckets: DURATION_BUCKETS,
    }),
    sharedOperations: metrics.counter({
      name: 'lyceum_gateway_shared_operations_total',
      help: 'Queries that were answered by the run of an equal one.',
    }),
    planLookups: metrics.counter({
      name: 'lyceum_gateway_plan_lookups_total',
      help: 'Look-ups of planned operations.',
      labelNames: ['result'],
    }),
    subgraphSeconds: metrics.histogram({
      name: 'lyceum_gateway_subgraph_seconds',
      help: 'Time of one fetch from a subgraph.',
      labelNames: ['subgraph', 'outcome'],
      buckets: DURATION_BUCKETS,
    }),
  };
}
