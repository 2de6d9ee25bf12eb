/**
 * Subgraphs that hang, die, answer garbage or far too much: the others' data must not suffer.
 */
import type { Scenario } from '../scenario.ts';
import { startGateway } from '../support/gateway-process.ts';
import { serveKeys } from '../support/keys.ts';

export const subgraphFaults: Scenario = {
  name: 'subgraph-faults',
  promise: 'A broken subgraph costs its own fields in time; its breaker opens and closes; mutations are sent once.',
  async run(chaos) {
    void [startGateway, serveKeys];
    chaos.check('the scenario is written', false);
    return {};
  },
};
