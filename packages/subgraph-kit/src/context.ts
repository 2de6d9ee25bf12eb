/**
 * What every resolver knows about the one who asks, made anew for each request and for each event of a subscription.
 */
import type { EventEnvelope, InternalClaims, Viewer } from '@lyceum/contracts';
import { type Logger, unauthenticated } from '@lyceum/service-kit';
import { RequestPositions } from './request-positions.ts';
import type { Resume } from './resume.ts';

export interface BaseContext {
  /** Null for an anonymous request. */
  readonly viewer: Viewer | null;
  readonly requestId: string;
  /** Aborts when the client is gone or the operation has ended. */
  readonly signal: AbortSignal;
  /** Bound to the request and the viewer. */
  readonly log: Logger;
  /** For subscriptions whose subscriber understands cursors: hand it to the topic that is followed. */
  readonly resume?: Resume;
}

/** What a service that follows a topic needs of the context. */
export type Subscriber = Pick<BaseContext, 'resume' | 'signal'>;

/** What a service's `createContext` is given. Return a plain object: own enumerable properties only are kept. */
export interface ContextSource extends BaseContext {
  /** Hand it to the database session: no row older than what is known is read, and the gateway hears of commits. */
  readonly positions: RequestPositions;
  /** Set for an event of a subscription; `positions` knows what it must not be read older than. */
  readonly envelope?: EventEnvelope;
}

/** What an operation over a socket adds: at its start how it can be resumed, later each event. */
export interface Subscribed {
  readonly resume?: Resume;
  readonly event?: unknown;
}

export function createContextSource(
  claims: InternalClaims,
  {
    signal,
    log,
    positions = new RequestPositions(),
    event,
    resume,
  }: { signal: AbortSignal; log: Logger; positions?: RequestPositions } & Subscribed,
): ContextSource {
  const base = { viewer: claims.viewer, requestId: claims.requestId, signal, log: logOf(claims, log), resume };
  if (!isEnvelope(event)) return { ...base, positions };
  return { ...base, positions: new RequestPositions(event.positions), envelope: event };
}

/** By the claims of one operation: each event of a subscription has the same. */
const logs = new WeakMap<InternalClaims, Logger>();

export function logOf(claims: InternalClaims, log: Logger): Logger {
  const known = logs.get(claims);
  if (known) return known;
  const bound = log.child({ requestId: claims.requestId, viewerId: claims.viewer?.id ?? null });
  logs.set(claims, bound);
  return bound;
}

/** Throws UNAUTHENTICATED for an anonymous request. */
export function requireViewer({ viewer }: Pick<BaseContext, 'viewer'>): Viewer {
  if (viewer === null) throw unauthenticated();
  return viewer;
}

export function isEnvelope(event: unknown): event is EventEnvelope {
  return typeof event === 'object' && event !== null && 'positions' in event && 'payload' in event && 'id' in event;
}
