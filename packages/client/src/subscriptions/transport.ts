/**
 * What both ways of carrying events have in common: one attempt at a subscription, and how it may be cut short.
 */
import { errorOf, type GraphError, LyceumClientError } from '../errors.ts';
import type { RequestParams } from '../operations.ts';

/** A result as it came. With a cursor and nothing else it only says from where events will follow. */
export interface Message {
  readonly data?: unknown;
  readonly errors?: readonly GraphError[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface Transport {
  /**
   * Ends when the server completes the subscription, or quietly when the signal aborts. Throws `Interruption`, after all
   * that came before was read. `token` is that of the person who subscribes; null for nobody.
   */
  open(params: RequestParams, token: string | null, signal: AbortSignal): AsyncGenerator<Message>;
  close(): Promise<void>;
}

/**
 * - `come back`: wait and go on from the cursor, at another address if this one failed.
 * - `go on`: the server is well; go on at once from the cursor.
 * - `renew`: go on with another token.
 * - `begin anew`: events were lost.
 * - `end`: trying again would bring the same.
 */
export type Remedy = 'come back' | 'go on' | 'renew' | 'begin anew' | 'end';

export class Interruption extends Error {
  readonly remedy: Remedy;
  /** What the subscriber gets if the remedy does not help. */
  readonly error: LyceumClientError;
  /** The token that was refused, if it is not the one that the attempt was made with. */
  readonly token: string | null | undefined;

  constructor(remedy: Remedy, error: LyceumClientError, token?: string | null) {
    super(error.message, { cause: error });
    this.remedy = remedy;
    this.error = error;
    this.token = token;
  }
}

const REMEDY_BY_ERROR: Readonly<Record<string, Remedy>> = {
  CURSOR_EXPIRED: 'begin anew',
  UNAUTHENTICATED: 'renew',
  RATE_LIMITED: 'come back',
  SERVICE_UNAVAILABLE: 'come back',
  SUBGRAPH_UNAVAILABLE: 'come back',
  TIMED_OUT: 'come back',
};

/** The server has refused the subscription, or ended it with these errors. */
export function refused(errors: readonly GraphError[], status?: number): Interruption {
  const error = errorOf(errors, { status });
  return new Interruption(REMEDY_BY_ERROR[error.code] ?? 'end', error);
}

export function lineBroke(cause: unknown): Interruption {
  return new Interruption('come back', new LyceumClientError('NETWORK_FAILED', 'The line broke.', { cause }));
}

/** What came before has been read; the rest is asked for again, if it can be. */
export function readTooSlowly(): Interruption {
  return new Interruption('go on', new LyceumClientError('READ_TOO_SLOWLY', 'Events came faster than they were read.'));
}

/** Close codes of sockets that ask for more than coming back. */
export const CLOSE = { FORBIDDEN: 4403, SLOW_READER: 4450, TOO_MANY_SOCKETS: 4451 } as const;
/** Server and client do not understand each other. */
const FATAL: ReadonlySet<number> = new Set([1002, 1003, 1007, 1009, 1010, 4400, 4401, 4406, 4409, 4429]);

/**
 * 1001, 1006, 1011, 1012, 1013 and whatever is not known: the instance goes, fails, or is full. `token` is the one that the
 * socket had last.
 */
export function closedWith(code: number, reason: string, token: string | null): Interruption {
  const told = `The socket was closed with ${code}${reason && `: ${reason}`}`;
  if (code === CLOSE.FORBIDDEN) return new Interruption('renew', new LyceumClientError('UNAUTHENTICATED', told), token);
  if (code === CLOSE.SLOW_READER) return new Interruption('go on', new LyceumClientError('READ_TOO_SLOWLY', told));
  if (FATAL.has(code)) return new Interruption('end', new LyceumClientError('PROTOCOL_FAILED', told));
  // Too many is not fatal: sockets of a network that was left are counted until the gateway misses their pongs.
  const ownCode = code === CLOSE.TOO_MANY_SOCKETS ? 'TOO_MANY_SOCKETS' : 'NETWORK_FAILED';
  return new Interruption('come back', new LyceumClientError(ownCode, told));
}
