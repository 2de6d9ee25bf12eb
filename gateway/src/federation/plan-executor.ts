/**
 * Runs planned operations: the compiled steps fetch data from subgraphs, the projection makes the answer of it.
 *
 * A fetch that fails costs its own fields and nothing else: one error for each root field it was to fill, or one for the
 * entities it was to complete, with the path; the rest of the data stays. A subscription's event stands in for the answer
 * of the first fetch.
 *
 * A reference to an entity that its subgraph does not show the viewer is null, and no error, wherever the schema lets it be.
 */
import { joinPositions } from '@lyceum/contracts';
import type { Logger } from '@lyceum/service-kit';
import type { OperationScope } from '../operation-scope.ts';
import type { Result } from '../pipeline.ts';
import type { CompiledOperation } from './compile/compile-operation.ts';
import type { FetchStep } from './compile/fetch-step.ts';
import { Deferral } from './execute/deferral.ts';
import { deliver } from './execute/deliver.ts';
import { beginExecution, type Execution, type Variables } from './execute/execution.ts';
import { writeRequest } from './execute/requests.ts';
import { takeRootAnswer } from './execute/run-fetch.ts';
import { runSteps } from './execute/run-steps.ts';
import type { PlannedOperation } from './plan/plan-operation.ts';
import type { FetchFromSubgraph, SubgraphRequest, SubgraphResponse } from './subgraph-client.ts';

export interface PlanExecutorOptions {
  fetch: FetchFromSubgraph;
  log: Logger;
}

export interface PlanExecutor {
  /** For queries and mutations. Never throws for what a subgraph does. */
  execute(planned: PlannedOperation, variables: Variables, scope: OperationScope): Promise<Result>;
  /** The same, in parts where the operation says so and something is left to come. */
  executeIncrementally(
    planned: PlannedOperation,
    variables: Variables,
    scope: OperationScope,
  ): Promise<Result | AsyncGenerator<Result>>;
  /** What to subscribe to, and where. Throws if the operation is no subscription. */
  source(planned: PlannedOperation, variables: Variables): { url: string; request: SubgraphRequest };
  /** Completes one event with what other subgraphs know of it, and know since the event at the earliest. */
  enrich(
    planned: PlannedOperation,
    event: SubgraphResponse,
    variables: Variables,
    scope: OperationScope,
  ): Promise<Result>;
}

export function createPlanExecutor({ fetch, log }: PlanExecutorOptions): PlanExecutor {
  const begin = (planned: PlannedOperation, variables: Variables, scope: OperationScope) =>
    beginExecution({ compiled: planned.compiledFor(variables), variables, scope, fetch, log });

  async function finish(execution: Execution): Promise<Result> {
    await runSteps(execution.compiled.steps, execution);
    const data = execution.compiled.projection.project(execution);
    return execution.errors.length > 0 ? { errors: execution.errors, data } : { data };
  }

  return {
    async execute(planned, variables, scope) {
      const execution = begin(planned, variables, scope);
      if (execution.compiled.source) throw new Error('A subscription is not executed but subscribed to.');
      return await finish(execution);
    },

    async executeIncrementally(planned, variables, scope) {
      const compiled = planned.compiledFor(variables, true);
      if (!compiled.deferred) return await this.execute(planned, variables, scope);
      const ending = new AbortController();
      const deferral = new Deferral();
      const signal = AbortSignal.any([scope.signal, ending.signal]);
      const given = { compiled, variables, scope: { ...scope, signal }, fetch, log, deferral };
      const execution = { ...beginExecution(given), deferral };
      await runSteps(compiled.steps, execution);
      return deliver(execution, compiled.deferred, () => ending.abort());
    },

    source(planned, variables) {
      const step = sourceOf(planned.compiledFor(variables));
      const { query, operationName, variables: used } = writeRequest(step, variables);
      return { url: step.url, request: { query, operationName, variables: used } };
    },

    async enrich(planned, event, variables, scope) {
      const execution = begin(planned, variables, scope);
      execution.commits.positions = joinPositions(undefined, event.extensions?.positions);
      takeRootAnswer(sourceOf(execution.compiled), { objects: [execution.data] }, event, execution);
      return await finish(execution);
    },
  };
}

function sourceOf({ source }: CompiledOperation): FetchStep {
  if (!source) throw new Error('The plan is not that of a subscription.');
  return source;
}
