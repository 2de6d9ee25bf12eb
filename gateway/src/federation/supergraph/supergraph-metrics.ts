/**
 * What the gateway tells of its supergraph: which one serves, since when, what was refused, and how a switch goes on.
 */
import { DURATION_BUCKETS, type Metrics } from '@lyceum/service-kit';

export type SupergraphMetrics = ReturnType<typeof createSupergraphMetrics>;

export function createSupergraphMetrics(metrics: Metrics) {
  const info = metrics.gauge({
    name: 'lyceum_gateway_supergraph_info',
    help: 'Always 1: its labels name the supergraph that serves.',
    labelNames: ['version', 'source'],
  });
  return {
    /** The supergraph that was named before is named no more. */
    serving(version: string, source: string): void {
      info.reset();
      info.set({ version, source }, 1);
    },
    loadedAt: metrics.gauge({
      name: 'lyceum_gateway_supergraph_loaded_timestamp_seconds',
      help: 'When the supergraph that serves took over.',
    }),
    faults: metrics.counter({
      name: 'lyceum_gateway_supergraph_faults_total',
      help: 'Supergraphs that were refused, and readings of a source that failed.',
      labelNames: ['source'],
    }),
    loadSeconds: metrics.histogram({
      name: 'lyceum_gateway_supergraph_load_seconds',
      help: 'Time from reading a new supergraph to its serving.',
      labelNames: ['phase'],
      buckets: DURATION_BUCKETS,
    }),
    plansToWarm: metrics.gauge({
      name: 'lyceum_gateway_plans_to_warm',
      help: 'Operations that are still to be planned before the next supergraph takes over.',
    }),
    plansWarmed: metrics.counter({
      name: 'lyceum_gateway_plans_warmed_total',
      help: 'Operations planned before a supergraph took over.',
    }),
  };
}
