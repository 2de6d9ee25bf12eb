/**
 * Why a subgraph gave no answer, in the words that decide what happens next: may it be asked again, is it to blame.
 */

export type FailureKind =
  /** No connection came about: nothing was sent. */
  | 'connect'
  /** The connection broke. */
  | 'reset'
  /** Nothing had been answered when its time was over. */
  | 'silent'
  /** An answer began, and its time was over. */
  | 'stalled'
  /** 502, 503 or 504 without a GraphQL answer: a proxy speaks, or a subgraph that is going away. */
  | 'gateway-status'
  /** Something that is no GraphQL answer. */
  | 'no-answer'
  | 'too-large'
  /** The breakers of all instances are open: nothing was sent. */
  | 'breaker-open'
  /** Too many fetches wait already: nothing was sent. */
  | 'overloaded'
  /** Nobody waits for the answer any more. */
  | 'gone';

export class SubgraphFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'SubgraphFailure';
    this.kind = kind;
  }
}

const WORTH_ANOTHER_TRY: ReadonlySet<FailureKind> = new Set(['connect', 'reset', 'silent', 'gateway-status']);

/** Asks only about the failure; that a mutation is never sent twice is for the caller to see to. */
export function isWorthAnotherTry({ kind }: SubgraphFailure): boolean {
  return WORTH_ANOTHER_TRY.has(kind);
}

const KINDS: Readonly<Record<string, FailureKind>> = {
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  ECONNREFUSED: 'connect',
  ENOTFOUND: 'connect',
  EAI_AGAIN: 'connect',
  EHOSTUNREACH: 'connect',
  ENETUNREACH: 'connect',
  ETIMEDOUT: 'connect',
  UND_ERR_SOCKET: 'reset',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_HEADERS_TIMEOUT: 'silent',
  UND_ERR_BODY_TIMEOUT: 'stalled',
};

/** What undici, the socket or a decoder threw. */
export function failureOf(error: unknown): SubgraphFailure {
  if (error instanceof SubgraphFailure) return error;
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  return new SubgraphFailure(KINDS[code] ?? 'no-answer', message || code, { cause: error });
}
