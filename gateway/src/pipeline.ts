/**
 * The parts a pipeline is made of: what a transport hands in, what the steps know, what comes out.
 */
import type { GraphQLError, OperationTypeNode } from 'graphql';
import type { Identity } from './auth/authenticator.ts';
import type { PlannedOperation } from './federation/plan/plan-operation.ts';
import type { ParsedOperation } from './federation/plan-cache.ts';
import type { JsonText } from './federation/project/json-text.ts';

/** One operation as a transport received it; nothing in it has been checked. */
export interface GatewayRequest {
  readonly requestId: string;
  readonly params: {
    readonly query?: unknown;
    readonly operationName?: unknown;
    readonly variables?: unknown;
  };
  /** The operation types this way of asking may carry: no mutation by GET, no subscription without a stream. */
  readonly allowed: ReadonlySet<`${OperationTypeNode}`>;
  /** Throws for a bad credential. May be called more than once. */
  identify(): Promise<Identity>;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}

/** What leaves the pipeline. Every door writes it with `writeResult`. */
export interface Result {
  readonly errors?: readonly GraphQLError[];
  /** An object, or its JSON where it is written already. */
  readonly data?: Readonly<Record<string, unknown>> | JsonText | null;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** A subscription that was admitted is a stream; everything else, refusals included, is one result. */
export type Outcome = Result | AsyncGenerator<Result>;

/** What steps have found out so far. A step may read what an earlier one has set. */
export interface Operation {
  readonly request: GatewayRequest;
  /** Aborts when the client is gone or has ended its subscription. */
  readonly signal: AbortSignal;
  /** Set by `authenticate`. */
  identity?: Identity;
  /** Set by `parse`. */
  parsed?: ParsedOperation;
  /** Set by `plan`. */
  planned?: PlannedOperation;
  /** Set by `coerce variables`. */
  variables?: Readonly<Record<string, unknown>>;
}

export interface Step {
  readonly name: string;
  readonly reason: string;
  /** Calls `next` to go on; throws or returns errors to end here. */
  run(operation: Operation, next: () => Promise<Outcome>): Promise<Outcome>;
}

/** Runs steps in order, the first outermost. */
export async function runPipeline(steps: readonly Step[], request: GatewayRequest): Promise<Outcome> {
  const ending = new AbortController();
  const operation: Operation = { request, signal: AbortSignal.any([request.signal, ending.signal]) };
  const dispatch = async (index: number): Promise<Outcome> => {
    const step = steps[index];
    if (!step) throw new Error('The last step must not call next.');
    return await step.run(operation, () => dispatch(index + 1));
  };
  const outcome = await dispatch(0);
  return isStream(outcome) ? endedBy(outcome, () => ending.abort()) : outcome;
}

export function isStream(outcome: Outcome): outcome is AsyncGenerator<Result> {
  return Symbol.asyncIterator in outcome;
}

/** For a step that needs what an earlier one must have set: a fault of the pipeline's order, not of a client. */
export function given<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`The pipeline is out of order: ${what} is not known yet.`);
  return value;
}

/**
 * A generator that waits for its next event cannot be returned before that event comes: ending it from outside first
 * aborts what it waits for.
 */
function endedBy(stream: AsyncGenerator<Result>, end: () => void): AsyncGenerator<Result> {
  return {
    next: () => stream.next(),
    return(value) {
      end();
      return stream.return(value);
    },
    throw(error) {
      end();
      return stream.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await this.return(undefined);
    },
  };
}
