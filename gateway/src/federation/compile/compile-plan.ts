/**
 * Turns a query plan into the steps that the engine runs.
 */
import type { PlanNode } from '@apollo/query-planner';
import { splitFetch } from '../plan/split-fetch.ts';
import { compileFetch, type FetchStep, type PlannedGraph } from './fetch-step.ts';

export type Step =
  | FetchStep
  | { readonly kind: 'sequence'; readonly steps: readonly Step[] }
  | ParallelStep
  | { readonly kind: 'condition'; readonly variable: string; readonly yes?: Step; readonly no?: Step }
  | DeferStep;

export interface ParallelStep {
  readonly kind: 'parallel';
  /** Under which deferred blocks wait for all of them, if they are the parts of one fetch of the plan. */
  readonly id?: string;
  readonly steps: readonly Step[];
}

/** What is answered first, and the blocks that need not be waited for. */
export interface DeferStep {
  readonly kind: 'defer';
  readonly primary?: Step;
  readonly blocks: readonly DeferredBlock[];
}

export interface DeferredBlock {
  readonly label: string;
  /** Fetches that must have ended before the block begins; null for all that come before it. */
  readonly depends: readonly string[] | null;
  /** Absent where everything is there once the block may begin. */
  readonly step?: Step;
}

export function compilePlan(node: PlanNode, graph: PlannedGraph): Step {
  // The planner names fetches that it has merged into others, and two fetches of a mutation alike.
  const ids = idsIn(node);
  const isCertain = ({ id }: { id: string }) => ids.indexOf(id) !== -1 && ids.indexOf(id) === ids.lastIndexOf(id);
  const compile = (planned: PlanNode, path: readonly (string | number)[]): Step => {
    switch (planned.kind) {
      case 'Fetch': {
        const parts = splitFetch(planned, graph.rules);
        const id = parts.length === 1 ? planned.id : undefined;
        const steps = parts.map(({ fetch, needs }) => compileFetch({ ...fetch, id }, path, graph, needs));
        return steps.length === 1 ? steps[0]! : { kind: 'parallel', id: planned.id, steps };
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
        return {
          kind: 'defer',
          primary: planned.primary.node && compile(planned.primary.node, path),
          blocks: planned.deferred.map(({ label, depends, node: block }) => ({
            label: label ?? '',
            depends: depends.every(isCertain) ? depends.map(({ id }) => id) : null,
            step: block && compile(block, path),
          })),
        };
    }
  };
  return compile(node, []);
}

function idsIn(node: PlanNode | undefined): (string | undefined)[] {
  if (!node) return [];
  switch (node.kind) {
    case 'Fetch':
      return [node.id];
    case 'Flatten':
      return idsIn(node.node);
    case 'Condition':
      return [...idsIn(node.ifClause), ...idsIn(node.elseClause)];
    case 'Defer':
      return [node.primary.node, ...node.deferred.map((block) => block.node)].flatMap(idsIn);
    default:
      return node.nodes.flatMap(idsIn);
  }
}

/** Every fetch below a step, whatever the conditions. */
export function fetchesOf(step: Step | undefined): FetchStep[] {
  if (!step) return [];
  switch (step.kind) {
    case 'fetch':
      return [step];
    case 'condition':
      return [...fetchesOf(step.yes), ...fetchesOf(step.no)];
    case 'defer':
      return [step.primary, ...step.blocks.map((block) => block.step)].flatMap(fetchesOf);
    default:
      return step.steps.flatMap(fetchesOf);
  }
}
