/**
 * The parts a pipeline is made of: what a transport hands in, what the steps know, what comes out.
 *
 * A step that has its answer at hand gives it at once, and the next one goes on in the same turn: of a request whose
 * document, token and plan are known, only the calls to subgraphs are waited for.
 */
import type { GraphQLError, OperationTypeNode } from 'graphql';
import type { Identity } from './auth/identity.ts';
import type { PlannedOperation } from './federation/plan/plan-operation.ts';
import type { ParsedOperation } from './federation/plan-cache.ts';
import type { JsonText } from './federation/project/json-text.ts';
import type { LiveOperation } from './subscriptions/live-operation.ts';

/** One operation as a transport received it; nothing in it has been checked. */
export interface GatewayRequest {
  readonly requestId: string;
  readonly params: {
    readonly query?: unknown;
    /** Names a document of the manifest in place of `query`. */
    readonly documentId?: unknown;
    readonly operationName?: unknown;
    readonly variables?: unknown;
    readonly extensions?: Readonly<Record<string, unknown>> | null;
  };
  /** The operation types this way of asking may carry: no mutation by GET, no subscription without a stream. */
  readonly allowed: ReadonlySet<`${OperationTypeNode}`>;
  /** Whether the client takes the answer to a query or mutation in parts. */
  readonly takesParts: boolean;
  /** The other end of the connection. Requests without one count as those of one client. */
  readonly address?: string | undefined;
  /** A header of the client, by its name in lower case. */
  header(name: string): string | undefined;
  /** Throws for a bad credential. May be called more than once. */
  identify(): MaybePromise<Identity>;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}

/** What leaves the pipeline. Every door writes it with `writeResult`. */
export interface Result {
  readonly errors?: readonly GraphQLError[];
  /** An object, or its JSON where it is written already. */
  readonly data?: Readonly<Record<string, unknown>> | JsonText | null;
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** Only in an answer that comes in parts: whether there are more to come, and what comes with this one. */
  readonly hasNext?: boolean;
  readonly incremental?: readonly IncrementalResult[];
}

/** Completes the object at `path` of what came before. Null data: something in the part must not be null and is. */
export interface IncrementalResult extends Pick<Result, 'data' | 'errors'> {
  readonly path: readonly (string | number)[];
  readonly label?: string;
}

/**
 * A subscription that was admitted is live; an answer in parts is a stream; everything else, refusals included, is one result.
 */
export type Outcome = Result | AsyncGenerator<Result> | LiveOperation;

export type MaybePromise<T> = T | Promise<T>;
export type Next = (operation: Operation) => MaybePromise<Outcome>;

/** What steps have found out so far. A step may read what an earlier one has set. */
export class Operation {
  readonly request: GatewayRequest;
  /** Set by `authenticate`. */
  identity?: Identity;
  /** Set by `find document`: the text that is run, sent or found. */
  source?: string;
  /** Set by `parse`. */
  parsed?: ParsedOperation;
  /** Set by `plan`. */
  planned?: PlannedOperation;
  /** Set by `coerce variables`. */
  variables?: Readonly<Record<string, unknown>>;
  /** Set by `share`, where others wait for the same answer: aborts when none of them does any more. */
  sharedSignal?: AbortSignal;
  #ending: AbortController | undefined;
  #signal: AbortSignal | undefined;

  constructor(request: GatewayRequest) {
    this.request = request;
  }

  /** Aborts when the client is gone or has ended its stream. To be asked for once the type of operation is known. */
  get signal(): AbortSignal {
    if (this.sharedSignal) return this.sharedSignal;
    if (this.parsed?.operation.operation !== 'subscription' && !this.inParts) return this.request.signal;
    this.#ending ??= new AbortController();
    this.#signal ??= AbortSignal.any([this.request.signal, this.#ending.signal]);
    return this.#signal;
  }

  /** Whether the client has asked for an answer in parts and takes one. */
  get inParts(): boolean {
    return this.request.takesParts && this.planned?.defers !== undefined;
  }

  end(): void {
    this.#ending?.abort();
  }
}

interface StepName {
  readonly name: string;
  readonly reason: string;
}

/** Does its part and lets the next step go on, or ends the operation here: by giving an outcome, or throwing. */
interface PlainStep extends StepName {
  run(operation: Operation): MaybePromise<Outcome | undefined>;
}

/** Does something before and after all that follows. */
interface AroundStep extends StepName {
  around(operation: Operation, next: Next): MaybePromise<Outcome>;
}

export type Step = PlainStep | AroundStep;

/** Runs steps in order, the first outermost; the last must give an outcome. */
export function createPipeline(steps: readonly Step[]): (request: GatewayRequest) => MaybePromise<Outcome> {
  const first = steps.reduceRight<Next>(link, () => {
    throw new Error('The last step must give an outcome.');
  });
  return (request) => {
    const operation = new Operation(request);
    return whenKnown(first(operation), (outcome) =>
      isStream(outcome) ? endedBy(outcome, () => operation.end()) : outcome,
    );
  };
}

function link(next: Next, step: Step): Next {
  if ('around' in step) return (operation) => step.around(operation, next);
  return (operation) => {
    const ended = step.run(operation);
    if (ended === undefined) return next(operation);
    return whenKnown(ended, (outcome) => outcome ?? next(operation));
  };
}

/** Goes on at once with a value that is there, and later with one that is promised. */
export function whenKnown<T, R>(value: MaybePromise<T>, go: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(go) : go(value);
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
