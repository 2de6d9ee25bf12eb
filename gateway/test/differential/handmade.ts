/**
 * Subgraphs whose answers a test writes down itself, behind the gateway's plan and executor.
 */
import { composeServices } from '@apollo/composition';
import { createLogger } from '@lyceum/service-kit';
import { parse } from 'graphql';
import { coerceVariables } from '../../src/federation/coerce-variables.ts';
import { createPlanCache } from '../../src/federation/plan-cache.ts';
import { createPlanExecutor } from '../../src/federation/plan-executor.ts';
import type { SubgraphRequest, SubgraphResponse } from '../../src/federation/subgraph-client.ts';
import { buildSupergraph } from '../../src/federation/supergraph/build-supergraph.ts';
import { type Answer, asAnswer } from './compare.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", "@shareable", "@inaccessible"])\n';

export interface Handmade {
  run(source: string, variables?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** What the subgraphs were asked, in order. */
  readonly asked: readonly string[];
}

/** `answer` gives what a subgraph would send, as JSON. */
export function handmade(
  subgraphs: Readonly<Record<string, string>>,
  answer: (subgraph: string, request: SubgraphRequest) => SubgraphResponse,
): Handmade {
  const composition = composeServices(
    Object.entries(subgraphs).map(([name, sdl]) => ({
      name,
      url: `http://${name}.test/graphql`,
      typeDefs: parse(LINK + sdl),
    })),
  );
  if (composition.errors) throw new Error(composition.errors.map(String).join('\n'));
  const supergraph = buildSupergraph(composition.supergraphSdl);
  const plans = createPlanCache({ maxEntries: 10, maxSourceLength: 100_000 });
  const asked: string[] = [];
  const executor = createPlanExecutor({
    log: createLogger('handmade', { level: 'silent' }),
    async fetch(subgraph, _url, request) {
      asked.push(subgraph);
      return structuredClone(answer(subgraph, request));
    },
  });
  return {
    asked,
    async run(source, variables = {}) {
      const outcome = await plans.lookup(supergraph, source, null, 10_000).plan();
      if (!outcome.ok) throw outcome.errors[0];
      const coerced = coerceVariables(outcome.planned, variables);
      if (!coerced.ok) throw coerced.errors[0];
      const scope = { requestId: 'handmade', viewer: null, signal: new AbortController().signal };
      return asAnswer(await executor.execute(outcome.planned, coerced.variables, scope));
    },
  };
}
