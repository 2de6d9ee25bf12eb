/**
 * The one error of the client. Its `code` says what to do; the codes of the server are in the gateway's catalogue.
 */

/** An error as GraphQL answers tell it. */
export interface GraphError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>> & { readonly code?: string };
}

/**
 * What the client itself finds wrong. Servers have more codes, which pass through as they are.
 *
 * - `NETWORK_FAILED`: no answer came, or the line broke too often.
 * - `BAD_RESPONSE`: what came is no GraphQL.
 * - `TIMED_OUT`: no answer within `timeoutMs`.
 * - `UNAUTHENTICATED`: the server takes no token that can be had. Sign in again.
 * - `CURSOR_EXPIRED`: events were lost. Read the state anew, then subscribe without a cursor; or give `onGap`.
 * - `READ_TOO_SLOWLY`: events without cursors came faster than they were read; some are lost.
 * - `TOO_MANY_SOCKETS`: this person has too many open at once.
 * - `PROTOCOL_FAILED`: server and client do not understand each other.
 * - `BAD_INPUT`: the client was asked for what it cannot do.
 * - `CLIENT_CLOSED`: `close()` was called.
 */
export type ClientErrorCode =
  | 'NETWORK_FAILED'
  | 'BAD_RESPONSE'
  | 'TIMED_OUT'
  | 'UNAUTHENTICATED'
  | 'CURSOR_EXPIRED'
  | 'READ_TOO_SLOWLY'
  | 'TOO_MANY_SOCKETS'
  | 'PROTOCOL_FAILED'
  | 'BAD_INPUT'
  | 'CLIENT_CLOSED';

export interface ClientErrorDetails {
  /** Every error of the answer. */
  readonly errors?: readonly GraphError[];
  /** What was answered beside the errors. */
  readonly data?: unknown;
  /** The HTTP status, where there was one. */
  readonly status?: number;
  readonly cause?: unknown;
}

export class LyceumClientError extends Error {
  /** Of the first error, if there are several. */
  readonly code: ClientErrorCode | (string & {});
  readonly errors: readonly GraphError[];
  readonly data: unknown;
  readonly status: number | undefined;

  constructor(code: ClientErrorCode | (string & {}), message: string, details: ClientErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'LyceumClientError';
    this.code = code;
    this.errors = details.errors ?? [];
    this.data = details.data;
    this.status = details.status;
  }

  /** The codes of all errors, in their order. */
  get codes(): readonly string[] {
    return this.errors.length > 0 ? this.errors.map(codeOf) : [this.code];
  }
}

/** Structural: an error that crossed two copies of this module is still known. */
export function isLyceumClientError(
  error: unknown,
  code?: ClientErrorCode | (string & {}),
): error is LyceumClientError {
  if (!(error instanceof Error) || error.name !== 'LyceumClientError' || !('code' in error)) return false;
  return code === undefined || error.code === code;
}

/** `errors` must not be empty. */
export function errorOf(
  errors: readonly GraphError[],
  details: Omit<ClientErrorDetails, 'errors'> = {},
): LyceumClientError {
  const shown = errors.map((error) => `${codeOf(error)}: ${error.message}`);
  return new LyceumClientError(codeOf(errors[0]), shown.join('; '), { ...details, errors });
}

/** Servers that are not Lyceum's may give none. */
function codeOf(error: GraphError | undefined): string {
  return error?.extensions?.code ?? 'UNKNOWN';
}
