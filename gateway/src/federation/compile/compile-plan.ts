/**
 * Turns a query plan into the steps that the engine runs.
 */
import type { PlanNode } from '@apollo/query-planner';
import { splitFetch } from '../plan/split-fetch.ts';
import { compileFetch, type FetchStep, type PlannedGraph } from './fetch-step.ts';

export type Step =
  | FetchStep
  | { readonly kind: 'sequence' | 'parallel'; readonly steps: readonly Step[] }
  | { readonly kind: 'condition'; readonly variable: string; readonly yes?: Step; readonly no?: Step };

export function compilePlan(node: PlanNode, graph: PlannedGraph): Step {
  const compile = (planned: PlanNode, path: readonly (string | number)[]): Step => {
    switch (planned.kind) {
      case 'Fetch': {
        const steps = splitFetch(planned, graph.rules).map(({ fetch, needs }) =>
          compileFetch(fetch, path, graph, needs),
        );
        return steps.length === 1 ? steps[0]! : { kind: 'parallel', steps };
      }
      case 'Flatten':
        return compile(planned.node, [...path, ...planned.path]);
      case 'Sequence':
        return { kind: 'sequence', steps: planned.nodes.map((child) => compile(child, path)) };
      case 'Parallel':
        return { kind: 'parallel', steps: planned.nodes.map((child) => compile(child, path)) };
      case 'Condition':
        return {
          kind: 'condition',
          variable: planned.condition,
          yes: planned.ifClause && compile(planned.ifClause, path),
          no: planned.elseClause && compile(planned.elseClause, path),
        };
      case 'Defer':
        throw new Error('The planner was not told to plan @defer.');
    }
  };
  return compile(node, []);
}

/** Every fetch below a step, whatever the conditions. */
export function fetchesOf(step: Step | undefined): FetchStep[] {
  if (!step) return [];
  switch (step.kind) {
    case 'fetch':
      return [step];
    case 'condition':
      return [...fetchesOf(step.yes), ...fetchesOf(step.no)];
    default:
      return step.steps.flatMap(fetchesOf);
  }
}
