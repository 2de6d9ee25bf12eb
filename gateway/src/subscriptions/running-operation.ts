/**
 * One operation of a client that has several on one line, from the message that asks for it to its end.
 */
import type { GraphQLError } from 'graphql';
import type { DeliveryPolicy } from '../federation/supergraph/live-fields.ts';
import type { LiveMessage } from './live-message.ts';
import type { LeaveReason, LiveOperation, Subscriber, Subscription } from './live-operation.ts';

/** What an operation needs of the line that it shares. */
export interface OperationHost {
  deliver(operation: RunningOperation, message: LiveMessage): void;
  ended(operation: RunningOperation, errors: readonly GraphQLError[] | undefined): void;
}

export class RunningOperation implements Subscriber {
  readonly id: string;
  /** What stands before each payload. */
  readonly head: string;
  policy: DeliveryPolicy = 'EVERY';
  /** The newest message that the client has had no room for. */
  waiting: LiveMessage | undefined;
  isOver = false;
  readonly #host: OperationHost;
  #subscription: Subscription | undefined;
  #gone: AbortController | undefined;

  constructor(id: string, head: string, host: OperationHost) {
    this.id = id;
    this.head = head;
    this.#host = host;
  }

  /** Aborts when the client has ended the operation or is gone. Made only if somebody asks: a subscription needs none. */
  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.isOver) this.#gone.abort();
    return this.#gone.signal;
  }

  follow(live: LiveOperation): void {
    this.policy = live.policy;
    this.#subscription = live.open(this);
    if (this.isOver) this.#subscription.leave('client');
  }

  next(message: LiveMessage): void {
    if (!this.isOver) this.#host.deliver(this, message);
  }

  end(errors?: readonly GraphQLError[]): void {
    if (!this.isOver) this.#host.ended(this, errors);
  }

  /** Nothing is sent of it any more. */
  leave(reason: LeaveReason): void {
    this.isOver = true;
    this.waiting = undefined;
    this.#subscription?.leave(reason);
    this.#gone?.abort();
  }
}
