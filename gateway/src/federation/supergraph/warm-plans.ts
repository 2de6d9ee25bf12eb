/**
 * Plans operations for a supergraph that does not serve yet, one at a time, so that requests are answered in between.
 */
import { setImmediate } from 'node:timers/promises';
import type { Logger } from '@lyceum/service-kit';
import type { KnownOperation, PlanCache } from '../plan-cache.ts';
import type { Supergraph } from './build-supergraph.ts';
import type { SupergraphMetrics } from './supergraph-metrics.ts';

export interface WarmingOptions {
  readonly plans: PlanCache;
  readonly supergraph: Supergraph;
  /** The most important first. */
  readonly operations: readonly KnownOperation[];
  /** What is not planned by then is planned when it is asked for. */
  readonly maxMs: number;
  readonly signal: AbortSignal;
  readonly metrics: SupergraphMetrics;
  readonly log: Logger;
}

const REPORT_EVERY = 100;

/** An operation that cannot be planned is left to its callers. Never throws. */
export async function warmPlans(options: WarmingOptions): Promise<void> {
  const { plans, supergraph, operations, maxMs, signal, metrics } = options;
  if (operations.length === 0) return;
  const log = options.log.child({ version: supergraph.version, operations: operations.length });
  const begun = performance.now();
  let done = 0;
  let failed = 0;
  for (const operation of operations) {
    if (signal.aborted || performance.now() - begun > maxMs) break;
    metrics.plansToWarm.set(operations.length - done);
    await plans.warm(supergraph, operation).catch(() => {
      failed += 1;
    });
    done += 1;
    metrics.plansWarmed.inc();
    if (done % REPORT_EVERY === 0) log.info({ done }, 'planning for the next supergraph');
    await setImmediate();
  }
  metrics.plansToWarm.set(0);
  log.info({ done, failed, ms: Math.round(performance.now() - begun) }, 'planned for the next supergraph');
}
