/**
 * Times each fetch from a subgraph.
 */
import type { FetchFromSubgraph, SubgraphClient } from '../federation/subgraph-client.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

export function timeFetches(client: SubgraphClient, metrics: GatewayMetrics): FetchFromSubgraph {
  return async (subgraph, url, request, scope) => {
    const stop = metrics.subgraphSeconds.startTimer({ subgraph });
    try {
      const response = await client.send(url, request, scope);
      stop({ outcome: response.errors?.length ? 'errors' : 'ok' });
      return response;
    } catch (error) {
      stop({ outcome: 'unavailable' });
      throw error;
    }
  };
}
