/**
 * What the subgraph client measures. Labels are bounded: names and addresses of subgraphs come from the supergraph.
 */
import type { Metrics } from '@lyceum/service-kit';
import type { SubgraphClientEvents } from '../federation/subgraph-client/create-subgraph-client.ts';
import type { BreakerState, SubgraphClient } from '../federation/subgraph-client.ts';

export function createSubgraphMetrics(metrics: Metrics): SubgraphClientEvents {
  const retries = metrics.counter({
    name: 'lyceum_gateway_subgraph_retries_total',
    help: 'Queries that were sent to a subgraph once more, by what had gone wrong.',
    labelNames: ['subgraph', 'reason'],
  });
  const hedges = metrics.counter({
    name: 'lyceum_gateway_subgraph_hedges_total',
    help: 'Queries that were sent a second time while the first answer was awaited.',
    labelNames: ['subgraph'],
  });
  const shared = metrics.counter({
    name: 'lyceum_gateway_subgraph_shared_total',
    help: 'Queries that were not sent, since an equal one of the same caller was under way.',
    labelNames: ['subgraph'],
  });
  return {
    retried: (subgraph, reason) => retries.inc({ subgraph, reason }),
    hedged: (subgraph) => hedges.inc({ subgraph }),
    shared: (subgraph) => shared.inc({ subgraph }),
  };
}

const BREAKER: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };

/** Gauges are read when they are scraped. */
export function watchInstances(metrics: Metrics, client: Pick<SubgraphClient, 'states'>): void {
  const labelNames = ['subgraph', 'address'] as const;
  metrics.gauge({
    name: 'lyceum_gateway_subgraph_breaker',
    help: 'Whether an address is left alone after failures: 0 closed, 1 half open, 2 open.',
    labelNames,
    collect() {
      // Addresses that are not asked any more leave no series behind.
      this.reset();
      for (const { subgraph, address, breaker } of client.states()) this.set({ subgraph, address }, BREAKER[breaker]);
    },
  });
  metrics.gauge({
    name: 'lyceum_gateway_subgraph_outstanding',
    help: 'Requests to an address that wait for an answer.',
    labelNames,
    collect() {
      this.reset();
      for (const { subgraph, address, outstanding } of client.states()) this.set({ subgraph, address }, outstanding);
    },
  });
}
