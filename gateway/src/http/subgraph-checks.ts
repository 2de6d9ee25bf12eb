/**
 * Readiness of subgraphs: each must have answered once since it is part of the graph.
 *
 * Not more than once: a subgraph that dies later costs its own part of the data, and must not make the load balancer take
 * every gateway away with all the rest.
 */
import type { Live } from '@lyceum/service-kit';
import type { SubgraphClient } from '../federation/subgraph-client.ts';
import type { Supergraph } from '../federation/supergraph/build-supergraph.ts';

const PING = { query: '{ __typename }', kind: 'query' } as const;
const CHECK_MS = 1_500;

export function createSubgraphChecks(supergraph: Live<Supergraph>, client: SubgraphClient) {
  const answered = new Set<string>();

  async function ping([subgraph, url]: readonly [string, string]): Promise<void> {
    if (answered.has(url)) return;
    const signal = AbortSignal.timeout(CHECK_MS);
    const { errors } = await client.send(subgraph, url, PING, { requestId: 'readiness', viewer: null, signal });
    if (errors?.length) throw new Error(`the subgraph at ${url} does not answer the gateway: ${errors[0]?.message}`);
    answered.add(url);
  }
  return {
    async subgraphs() {
      await Promise.all([...supergraph.current.subgraphUrls].map(ping));
    },
  };
}

/** For the details of readiness. Without addresses: whoever reaches the port may read them. */
export function describeInstances(client: Pick<SubgraphClient, 'states'>) {
  return client.states().map(({ subgraph, breaker, healthy }) => ({ subgraph, breaker, healthy }));
}
