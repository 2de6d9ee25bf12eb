/**
 * Readiness of subgraphs: each must have answered once before the gateway takes its first client.
 *
 * Not more than once: a subgraph that dies later, or one that a new supergraph adds and nobody has started, costs its own
 * part of the data, and must not make the load balancer take every gateway away with all the rest.
 */
import type { Live } from '@lyceum/service-kit';
import type { SubgraphClient } from '../federation/subgraph-client.ts';
import type { Supergraph } from '../federation/supergraph/build-supergraph.ts';

export function createSubgraphChecks(
  supergraph: Live<Pick<Supergraph, 'subgraphUrls'>>,
  client: Pick<SubgraphClient, 'answers'>,
) {
  const answered = new Set<string>();
  let started = false;

  async function check([subgraph, url]: readonly [string, string]): Promise<void> {
    if (answered.has(url)) return;
    if (!(await client.answers(subgraph, url))) throw new Error(`the subgraph at ${url} does not answer the gateway`);
    answered.add(url);
  }
  return {
    async subgraphs() {
      if (started) return;
      await Promise.all([...supergraph.current.subgraphUrls].map(check));
      started = true;
      answered.clear();
    },
  };
}

/** For the details of readiness. Without addresses: whoever reaches the port may read them. */
export function describeInstances(client: Pick<SubgraphClient, 'states'>) {
  return client.states().map(({ subgraph, breaker, healthy }) => ({ subgraph, breaker, healthy }));
}
