/**
 * A subscription that was admitted, between the engine that runs it and the transport that sends its events.
 */
import type { GraphQLError } from 'graphql';
import type { DeliveryPolicy } from '../federation/supergraph/live-fields.ts';
import type { LiveMessage } from './live-message.ts';

/** Who listens. Neither call may throw or wait: whoever cannot take a message keeps to its own bound. */
export interface Subscriber {
  next(message: LiveMessage): void;
  /** Nothing follows. With errors if the subgraph did not complete it. */
  end(errors?: readonly GraphQLError[]): void;
}

export interface LiveOperation {
  /** What becomes of messages that the client does not read in time. */
  readonly policy: DeliveryPolicy;
  /** Messages may come before this returns. Call it once. */
  open(subscriber: Subscriber): Subscription;
}

export interface Subscription {
  /** Nothing is heard of it afterwards. Does nothing once it has ended. */
  leave(reason: LeaveReason): void;
}

/** Why a transport leaves, for the metrics. */
export type LeaveReason = 'client' | 'slow' | 'unauthenticated' | 'drain';

export function isLive(outcome: object): outcome is LiveOperation {
  return 'open' in outcome;
}
