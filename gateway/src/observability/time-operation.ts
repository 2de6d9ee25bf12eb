/**
 * Times an operation and counts how it ended; of a subscription, its admission.
 */
import type { Live } from '@lyceum/service-kit';
import type { GatewayPolicy } from '../config.ts';
import { isStream, type MaybePromise, type Next, type Operation, type Outcome, whenKnown } from '../pipeline.ts';
import { isLive } from '../subscriptions/live-operation.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

export function timeOperation(metrics: GatewayMetrics, policy: Live<GatewayPolicy>) {
  return (operation: Operation, next: Next): MaybePromise<Outcome> => {
    const started = performance.now();
    return whenKnown(next(operation), (outcome) => {
      metrics.operationSeconds.observe(
        labelsOf(operation, outcome, policy.current),
        (performance.now() - started) / 1_000,
      );
      return outcome;
    });
  };
}

function labelsOf({ parsed }: Operation, outcome: Outcome, policy: GatewayPolicy) {
  const name = parsed?.operation.name?.value ?? '';
  return {
    type: parsed?.operation.operation ?? 'unknown',
    operation: policy.metrics.operations.includes(name) ? name : 'other',
    outcome:
      isLive(outcome) || isStream(outcome) || !outcome.errors?.length
        ? 'ok'
        : 'data' in outcome
          ? 'partial'
          : 'refused',
  };
}
