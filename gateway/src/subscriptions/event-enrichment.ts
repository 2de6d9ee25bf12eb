/**
 * Turns the events of the subgraph that owns a subscription into results of the client's whole operation.
 *
 * One event after the other, in order: each is completed by the other subgraphs as the plan says, with claims signed
 * anew, so a subscription may outlive the claims it began with. Events go out with the cursors they came with, and wait in the bounded queue of their subscription
 * while one is being completed.
 */
import type { PlannedOperation } from '../federation/plan/plan-operation.ts';
import type { PlanExecutor } from '../federation/plan-executor.ts';
import type { OperationScope } from '../operation-scope.ts';
import type { Result } from '../pipeline.ts';
import { cursorOf, isOpening } from './cursor.ts';
import type { SubgraphSubscriptions } from './subgraph-subscriptions.ts';

/** `asked` is the cursor to go on from; null to be told where the events begin; undefined if the client knows no cursors. */
export async function* enrichedEvents(
  { executor, subscriptions }: { executor: PlanExecutor; subscriptions: SubgraphSubscriptions },
  planned: PlannedOperation,
  variables: Readonly<Record<string, unknown>>,
  scope: OperationScope,
  asked: string | null | undefined,
): AsyncGenerator<Result> {
  const { url, request } = executor.source(planned, variables);
  for await (const event of subscriptions.subscribe(url, request, scope, asked ?? null)) {
    const cursor = cursorOf(event);
    if (isOpening(event)) {
      if (asked !== undefined) yield { extensions: { cursor } };
      continue;
    }
    const result = await executor.enrich(planned, event, variables, scope);
    yield cursor === undefined ? result : { ...result, extensions: { cursor } };
  }
}
