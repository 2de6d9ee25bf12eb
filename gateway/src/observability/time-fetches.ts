/**
 * Times each fetch from a subgraph.
 */
import type { FetchFromSubgraph, SubgraphClient } from '../federation/subgraph-client.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

export function timeFetches(client: SubgraphClient, metrics: GatewayMetrics): FetchFromSubgraph {
  const timers = new Map<string, Timer>();
  return (subgraph, url, request, scope) => {
    let observe = timers.get(subgraph);
    if (!observe) {
      observe = createTimer(subgraph, metrics);
      timers.set(subgraph, observe);
    }
    const timer = observe;
    const started = performance.now();
    return client.send(subgraph, url, request, scope).then(
      (response) => {
        timer(response.errors?.length ? 'errors' : 'ok', started);
        return response;
      },
      (error) => {
        timer('unavailable', started);
        throw error;
      },
    );
  };
}

type Outcome = 'ok' | 'errors' | 'unavailable';
type Timer = (outcome: Outcome, started: number) => void;

/** Labels are resolved once: looking a series up by its labels costs more than adding to it. */
function createTimer(subgraph: string, { subgraphSeconds }: GatewayMetrics): Timer {
  const series = {
    ok: subgraphSeconds.labels({ subgraph, outcome: 'ok' }),
    errors: subgraphSeconds.labels({ subgraph, outcome: 'errors' }),
    unavailable: subgraphSeconds.labels({ subgraph, outcome: 'unavailable' }),
  };
  return (outcome, started) => series[outcome].observe((performance.now() - started) / 1_000);
}
