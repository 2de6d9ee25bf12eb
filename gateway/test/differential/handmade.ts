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
import { writeResult } from '../../src/http/write-result.ts';
import { isStream, type MaybePromise } from '../../src/pipeline.ts';
import { type Answer, asAnswer } from './compare.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", "@shareable", "@inaccessible"])\n';

export interface Handmade {
  run(source: string, variables?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** What comes one after the other where something is deferred. */
  runInParts(
    source: string,
    variables?: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): AsyncGenerator<WrittenResult, void>;
  /** What the subgraphs were asked, in order. */
  readonly asked: readonly string[];
}

/** A result as a client reads it. */
export interface WrittenResult extends Answer {
  readonly hasNext?: boolean;
  readonly incremental?: readonly (Answer & { readonly path: readonly (string | number)[]; readonly label?: string })[];
}

/** `answer` gives what a subgraph would send, as JSON. */
export function handmade(
  subgraphs: Readonly<Record<string, string>>,
  answer: (subgraph: string, request: SubgraphRequest, signal: AbortSignal) => MaybePromise<SubgraphResponse>,
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
    async fetch(subgraph, _url, request, { signal }) {
      asked.push(subgraph);
      return structuredClone(await answer(subgraph, request, signal));
    },
  });
  async function prepare(source: string, given: Readonly<Record<string, unknown>>) {
    const outcome = await plans.lookup(supergraph, source, null, 10_000).plan();
    if (!outcome.ok) throw outcome.errors[0];
    const coerced = coerceVariables(outcome.planned, given);
    if (!coerced.ok) throw coerced.errors[0];
    return { planned: outcome.planned, variables: coerced.variables };
  }
  const scopeWith = (signal: AbortSignal) => ({ requestId: 'handmade', viewer: null, signal });

  return {
    asked,
    async run(source, given = {}) {
      const { planned, variables } = await prepare(source, given);
      return asAnswer(await executor.execute(planned, variables, scopeWith(new AbortController().signal)));
    },
    async *runInParts(source, given = {}, signal = new AbortController().signal) {
      const { planned, variables } = await prepare(source, given);
      const result = await executor.executeIncrementally(planned, variables, scopeWith(signal));
      if (!isStream(result)) yield JSON.parse(writeResult(result));
      else for await (const part of result) yield JSON.parse(writeResult(part));
    },
  };
}
