/**
 * Runs an operation twice over the same world: through plan and executor to the subgraphs, and on the one schema.
 */
import { createLogger, LyceumError } from '@lyceum/service-kit';
import { type DocumentNode, execute, type GraphQLSchema, parse, specifiedRules, validate } from 'graphql';
import { coerceVariables } from '../../src/federation/coerce-variables.ts';
import { createPlanCache } from '../../src/federation/plan-cache.ts';
import { createPlanExecutor } from '../../src/federation/plan-executor.ts';
import type { SubgraphRequest, SubgraphResponse } from '../../src/federation/subgraph-client.ts';
import { buildSupergraph } from '../../src/federation/supergraph/build-supergraph.ts';
import { isStream } from '../../src/pipeline.ts';
import { type Answer, asAnswer, difference, pathsBelowNulls, strayError } from './compare.ts';
import type { Family } from './families/family.ts';
import { withoutDefers } from './generate-defers.ts';
import type { GeneratedOperation } from './generate-operation.ts';
import { buildGraph, type Graph } from './graph.ts';
import { hash } from './random.ts';
import { inKeyOrder, reassemble } from './reassemble.ts';
import { monolith, ROOT, type Run, relaxedMonolith, subgraphSchema } from './schemas.ts';
import { createWorld } from './world.ts';

export interface Outcome {
  readonly expected: Answer;
  readonly actual: Answer;
  /** Null when they agree. */
  readonly difference: string | null;
  readonly fetches: readonly { readonly subgraph: string; readonly request: SubgraphRequest }[];
  /** Whether the engine's answer came in parts. */
  readonly inParts: boolean;
}

export interface Rig {
  readonly graph: Graph;
  readonly schema: GraphQLSchema;
  isValid(source: string): boolean;
  /** The world is that of `seed`, with faults at `faultRate`. Never throws for what the engine does. */
  run(operation: GeneratedOperation, seed: number, faultRate: number): Promise<Outcome>;
  /** What a client gets of a world without faults while a subgraph does not answer; without a name, all of them do. */
  runWithout(operation: GeneratedOperation, seed: number, down: string | null): Promise<Answer>;
}

interface Underway extends Run {
  readonly seed: number;
  readonly down?: string | null;
  readonly fetches: Outcome['fetches'][number][];
  inParts: boolean;
}

export function createRig(family: Family): Rig {
  const graph = buildGraph(family);
  const schema = monolith(graph);
  const relaxed = relaxedMonolith(graph);
  const supergraph = buildSupergraph(graph.sdl);
  const subgraphs = new Map(Object.keys(family.subgraphs).map((name) => [name, subgraphSchema(graph, name)]));
  const plans = createPlanCache({ maxEntries: 64, maxSourceLength: 1_000_000 });
  const underway = new Map<string, Underway>();
  const executor = createPlanExecutor({
    log: createLogger('differential', { level: 'silent' }),
    async fetch(subgraph, _url, request, scope) {
      const run = underway.get(scope.requestId);
      const subgraphSchema = subgraphs.get(subgraph);
      if (!run || !subgraphSchema) throw new Error(`No run, or no subgraph ${subgraph}.`);
      run.fetches.push({ subgraph, request });
      if (run.down === subgraph) throw new LyceumError('SUBGRAPH_UNAVAILABLE');
      // Answers arrive in an order that the seed decides.
      const turns = hash(run.seed, subgraph, run.fetches.length) % 4;
      for (let i = 0; i < turns; i += 1) await Promise.resolve();
      return answer(subgraphSchema, request, run);
    },
  });
  let runs = 0;

  /** What comes in parts is put together again, with `expected` in view. */
  async function throughEngine(
    { source, variables }: GeneratedOperation,
    run: Underway,
    expected: Answer,
  ): Promise<Answer> {
    runs += 1;
    const requestId = `run-${runs}`;
    underway.set(requestId, run);
    try {
      const outcome = await plans.lookup(supergraph, source, null, 100_000).plan();
      if (!outcome.ok) return { errors: outcome.errors.map(({ message }) => ({ message })) };
      const coerced = coerceVariables(outcome.planned, variables);
      if (!coerced.ok) return { errors: coerced.errors.map(({ message }) => ({ message })) };
      const scope = { requestId, viewer: null, signal: new AbortController().signal };
      const result = await executor.executeIncrementally(outcome.planned, coerced.variables, scope);
      if (!isStream(result)) return asAnswer(result);
      run.inParts = true;
      return await reassemble(result, expected);
    } catch (error) {
      return { errors: [{ message: `thrown: ${(error as Error).stack}` }] };
    } finally {
      underway.delete(requestId);
    }
  }

  return {
    graph,
    schema,
    isValid(source) {
      try {
        return validate(schema, parse(withoutDefers(source)), specifiedRules).length === 0;
      } catch {
        return false;
      }
    },
    async run(operation, seed, faultRate) {
      const world = createWorld(graph, seed, faultRate);
      const single: Run = { world, journal: [], unknown: [] };
      const expected = await onOneSchema(schema, operation, single);
      const run: Underway = { world, journal: [], unknown: [], seed, fetches: [], inParts: false };
      const actual = await throughEngine(operation, run, expected);
      const { inParts } = run;
      let found = inParts
        ? difference(ordered(expected), ordered(actual), single.unknown)
        : difference(expected, actual, single.unknown);
      const below = pathsBelowNulls(actual);
      // A mutation that fails where its type forbids null ends the operation (6.4.4). Whether those after it have happened
      // by then is free, as is what they met.
      const ended = run.journal.length > 0 && actual.data === null;
      if (!found && below.length > 0 && !ended) {
        const { data } = await onOneSchema(relaxed, operation, { world, journal: [], unknown: [] });
        found = strayError(below, data);
      }
      return { expected, actual, difference: found, fetches: run.fetches, inParts };
    },
    async runWithout(operation, seed, down) {
      const world = createWorld(graph, seed, 0);
      const run: Underway = { world, journal: [], unknown: [], seed, down, fetches: [], inParts: false };
      return await throughEngine(operation, run, {});
    },
  };
}

/** With keys in one order. */
function ordered(answer: Answer): Answer {
  return { ...answer, data: inKeyOrder(answer.data) };
}

async function onOneSchema(schema: GraphQLSchema, operation: GeneratedOperation, run: Run): Promise<Answer> {
  const result = await execute({
    schema,
    document: parse(operation.source),
    rootValue: ROOT,
    contextValue: run,
    variableValues: operation.variables,
  });
  return asAnswer(result);
}

/** Documents by text: an operation asks a subgraph the same thing again for every shrunk variant. */
const documents = new Map<string, DocumentNode>();

async function answer(schema: GraphQLSchema, request: SubgraphRequest, run: Run): Promise<SubgraphResponse> {
  // Over the wire and back.
  const { query, variables } = JSON.parse(request.body ?? JSON.stringify(request)) as SubgraphRequest;
  let document = documents.get(query);
  if (!document) {
    document = parse(query);
    const [error] = validate(schema, document);
    if (error) return { errors: [{ message: `invalid: ${error.message}`, extensions: { code: 'WRONG_PLAN' } }] };
    if (documents.size > 500) documents.clear();
    documents.set(query, document);
  }
  const result = await execute({
    schema,
    document,
    rootValue: ROOT,
    contextValue: run,
    variableValues: variables,
  });
  return JSON.parse(JSON.stringify(result)) as SubgraphResponse;
}
