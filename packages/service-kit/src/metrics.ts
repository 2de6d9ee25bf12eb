/**
 * Prometheus metrics of one process. Labels are bounded: never an id, never a client's text.
 */
import {
  Counter,
  type CounterConfiguration,
  collectDefaultMetrics,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
  Registry,
} from 'prom-client';

type Config<C> = Omit<C, 'registers'>;

/** Asking twice for a name gives the same metric, so that two users of a library can share it. */
export interface Metrics {
  readonly registry: Registry;
  counter<L extends string = never>(configuration: Config<CounterConfiguration<L>>): Counter<L>;
  histogram<L extends string = never>(configuration: Config<HistogramConfiguration<L>>): Histogram<L>;
  gauge<L extends string = never>(configuration: Config<GaugeConfiguration<L>>): Gauge<L>;
}

/** Seconds, from a cache hit to a slow model. */
export const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const once = <M>(name: string, make: () => M): M => (registry.getSingleMetric(name) as M | undefined) ?? make();
  return {
    registry,
    counter: (configuration) =>
      once(configuration.name, () => new Counter({ ...configuration, registers: [registry] })),
    histogram: (configuration) =>
      once(configuration.name, () => new Histogram({ ...configuration, registers: [registry] })),
    gauge: (configuration) => once(configuration.name, () => new Gauge({ ...configuration, registers: [registry] })),
  };
}
