/**
 * How the gateway says no: an error of the catalogue that fails a whole request, and how any error is written out.
 */
import { ERRORS, type ErrorCode, isLyceumError, type Logger } from '@lyceum/service-kit';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';

/** What was made here: already fit to be seen, unlike an error that a subgraph dressed up in the same way. */
const refusals = new WeakSet<object>();

/** What an error tells the doors of HTTP, as its `extensions.http`. */
export interface HttpAnswer {
  readonly status: number;
  /** The request was proper: the older media type answers with 200. */
  readonly spec?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

interface RefusalOptions {
  readonly cause?: GraphQLError;
  readonly wellFormed?: boolean;
  /** For programs; clients see them. */
  readonly details?: object;
  /** Of an answer over HTTP. */
  readonly headers?: HttpAnswer['headers'];
}

/**
 * An error that fails the whole request. `wellFormed` says the request was proper GraphQL over HTTP: the older media
 * type `application/json` then asks for status 200, the newer one for the catalogue's status.
 */
export function refusal(
  code: ErrorCode,
  message: string = ERRORS[code].message,
  { cause, wellFormed = true, details, headers }: RefusalOptions = {},
): GraphQLError {
  const http: HttpAnswer = {
    status: ERRORS[code].status,
    ...(wellFormed && { spec: true }),
    ...(headers && { headers }),
  };
  const error = new GraphQLError(message, {
    nodes: cause?.nodes,
    source: cause?.source,
    positions: cause?.positions,
    extensions: { code, ...(details && { details }), http },
  });
  refusals.add(error);
  return error;
}

export function isRefusal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && refusals.has(value);
}

/** What was thrown on the way to executing an operation, as the error of the whole request. */
export function refusalFrom(thrown: unknown, log: Logger): GraphQLError {
  if (isRefusal(thrown)) return thrown as GraphQLError;
  if (isLyceumError(thrown) && ERRORS[thrown.code].exposed) {
    log[ERRORS[thrown.code].level]({ code: thrown.code, cause: thrown.cause }, 'operation refused');
    const { status } = ERRORS[thrown.code];
    return refusal(thrown.code, thrown.message, { wellFormed: status === 400, details: thrown.details });
  }
  if (isSyntaxError(thrown)) return refusal('GRAPHQL_PARSE_FAILED', thrown.message, { cause: thrown });
  log.error({ err: thrown }, 'operation failed unexpectedly');
  return refusal('INTERNAL', undefined, { wellFormed: false });
}

/** As it is sent: what only tells transports how to answer is left out. */
export function formatError(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...formatted } = error.toJSON();
  const { http, ...rest } = extensions ?? {};
  return Object.keys(rest).length > 0 ? { ...formatted, extensions: rest } : formatted;
}

/** Structural: two copies of graphql-js can be loaded in one process. */
function isSyntaxError(value: unknown): value is GraphQLError {
  return value instanceof Error && value.name === 'GraphQLError' && value.message.startsWith('Syntax Error');
}
