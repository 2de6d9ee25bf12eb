/**
 * Runs equal queries that are under way at the same time once, and gives every caller the one answer.
 *
 * Equal is: the same plan (so the same graph, document and operation name), the same coerced variables, the same viewer in
 * the same session with the same roles, the same forwarded headers. Only what began after the last mutation here had ended
 * is joined, so whoever has written reads what was written. A caller who leaves costs the others nothing; when all have
 * left, the execution is aborted.
 *
 * Off unless the policy says otherwise: an answer may have begun before the question came, by as long as it takes to run.
 */
import type { Live } from '@lyceum/service-kit';
import type { GatewayPolicy } from './config.ts';
import { markShared } from './http/write-result.ts';
import type { OperationScope } from './operation-scope.ts';
import { given, isStream, type MaybePromise, type Next, type Operation, type Outcome } from './pipeline.ts';
import { isLive } from './subscriptions/live-operation.ts';

/** One execution and those who wait for it. */
interface Flight {
  readonly outcome: Promise<Outcome>;
  readonly abort: AbortController;
  waiting: number;
}

export interface ShareOptions {
  readonly policy: Live<Pick<GatewayPolicy, 'deduplication'>>;
  scopeOf(operation: Operation): Omit<OperationScope, 'signal'>;
  /** Called for each query that is answered by the run of another. */
  onShare(): void;
}

export function shareOperations({ policy, scopeOf, onShare }: ShareOptions) {
  const flightsOf = new WeakMap<object, Map<string, Flight>>();
  let mutations = 0;

  async function mutate(operation: Operation, next: Next): Promise<Outcome> {
    try {
      return await next(operation);
    } finally {
      mutations += 1;
    }
  }

  function begin(operation: Operation, next: Next, land: () => void): Flight {
    const abort = new AbortController();
    operation.sharedSignal = abort.signal;
    return { outcome: Promise.resolve(next(operation)).finally(land), abort, waiting: 0 };
  }

  async function share(operation: Operation, next: Next): Promise<Outcome> {
    const planned = given(operation.planned, 'the plan');
    const flights = flightsOf.get(planned) ?? new Map<string, Flight>();
    flightsOf.set(planned, flights);
    const key = keyOf(mutations, scopeOf(operation), operation.variables);
    const land = () => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    const known = flights.get(key);
    if (known) onShare();
    const flight: Flight = known ?? begin(operation, next, land);
    flights.set(key, flight);

    flight.waiting += 1;
    const leave = () => {
      flight.waiting -= 1;
      if (flight.waiting > 0) return;
      land();
      flight.abort.abort(NOBODY_WAITS);
    };
    const { signal } = operation.request;
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    const outcome = await flight.outcome.finally(() => signal.removeEventListener('abort', leave));
    if (isLive(outcome)) throw new Error('Subscriptions are shared by the subscription engine.');
    if (!isStream(outcome)) {
      if (flight.waiting > 1) markShared(outcome);
      return outcome;
    }
    // A stream has one reader: the others run the operation themselves.
    if (known) return await next(operation);
    signal.addEventListener('abort', () => flight.abort.abort(NOBODY_WAITS), { once: true });
    return outcome;
  }

  return (operation: Operation, next: Next): MaybePromise<Outcome> => {
    const { operation: type } = given(operation.planned, 'the plan').operation;
    if (type === 'mutation') return mutate(operation, next);
    const shares = type === 'query' && policy.current.deduplication.operations && !operation.inParts;
    return shares ? share(operation, next) : next(operation);
  };
}

const NOBODY_WAITS = new Error('nobody waits for the answer any more');

/** Whatever a subgraph may be told of the caller is in it, but for the id of the request. */
function keyOf(mutations: number, scope: Omit<OperationScope, 'signal'>, variables: unknown): string {
  const { requestId: _ownToEachCaller, ...seen } = scope;
  return JSON.stringify([mutations, seen, variables]);
}
