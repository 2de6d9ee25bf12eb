/**
 * Times every execution by the type of its operation: a query, a mutation, or one event of a subscription.
 */
import { DURATION_BUCKETS, type Metrics } from '@lyceum/service-kit';
import type { ExecutionResult } from 'graphql';
import { getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';

export type OperationTimer = (type: 'query' | 'mutation' | 'subscription') => (result: unknown) => void;

export function createOperationTimer(metrics: Metrics): OperationTimer {
  const duration = metrics.histogram({
    name: 'lyceum_graphql_operation_duration_seconds',
    help: 'Time to execute an operation, or one event of a subscription.',
    labelNames: ['operation_type', 'outcome'],
    buckets: DURATION_BUCKETS,
  });
  return (type) => {
    const end = duration.startTimer({ operation_type: type });
    return (result) => end({ outcome: (result as ExecutionResult | undefined)?.errors?.length ? 'error' : 'ok' });
  };
}

export function useOperationMetrics(startTimer: OperationTimer): Plugin {
  return {
    onExecute({ args }) {
      const type = getOperationAST(args.document, args.operationName)?.operation ?? 'query';
      const end = startTimer(type);
      return { onExecuteDone: ({ result }) => end(result) };
    },
  };
}
