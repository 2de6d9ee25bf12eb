/**
 * What a supergraph must go through before it serves: its planner is rehearsed, and the operations that clients have sent
 * lately are planned for it.
 */
import type { Live, Logger } from '@lyceum/service-kit';
import { rehearsePlanning } from '../plan/rehearse-planning.ts';
import type { KnownOperation, PlanCache } from '../plan-cache.ts';
import type { Supergraph } from './build-supergraph.ts';
import type { SupergraphMetrics } from './supergraph-metrics.ts';
import { warmPlans } from './warm-plans.ts';

export interface PreparationOptions {
  readonly plans: PlanCache;
  /** What to plan for the next graph, given the one that serves if there is one; the most important first. */
  operations(serving: Supergraph | undefined): readonly KnownOperation[];
  readonly policy: Live<{ readonly plans: { readonly warmMs: number } }>;
  readonly metrics: SupergraphMetrics;
  readonly log: Logger;
}

/** Throws if the simplest operations cannot be planned: such a graph must not serve. */
export function prepareSupergraph({ operations, policy, ...options }: PreparationOptions) {
  return async (supergraph: Supergraph, serving: Supergraph | undefined, signal: AbortSignal): Promise<void> => {
    await rehearsePlanning(supergraph);
    const { warmMs: maxMs } = policy.current.plans;
    await warmPlans({ ...options, supergraph, operations: operations(serving), maxMs, signal });
  };
}
