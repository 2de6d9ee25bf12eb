/**
 * Turns whatever was thrown into the error a client sees. The only place that does so.
 *
 * Known errors show their code; a client's own mistake (syntax, validation, variables) stays readable but suggests no
 * names; everything else is a bug: logged with its stack, shown as INTERNAL. Idempotent.
 */
import { ERRORS, isLyceumError, type Logger } from '@lyceum/service-kit';
import { GraphQLError } from 'graphql';

export function toGraphQLError(error: unknown, log: Logger): GraphQLError {
  const located = isGraphQLError(error) ? error : undefined;
  const cause = rootCause(error);
  const at = {
    nodes: located?.nodes,
    source: located?.source,
    positions: located?.positions,
    path: located?.path,
  };

  if (isLyceumError(cause)) {
    const spec = ERRORS[cause.code];
    log[spec.level]({ err: cause, path: at.path }, 'operation failed');
    if (spec.exposed) {
      const details = cause.details === undefined ? {} : { details: cause.details };
      return new GraphQLError(cause.message, { ...at, extensions: { code: cause.code, ...details } });
    }
  } else if (isGraphQLError(cause)) {
    const extensions = { ...located?.extensions, code: located?.extensions?.code ?? codeOf(cause) };
    return new GraphQLError(withoutSuggestions(located?.message ?? cause.message), { ...at, extensions });
  } else {
    log.error({ err: cause, path: at.path }, 'unexpected error');
  }
  return new GraphQLError(ERRORS.INTERNAL.message, { ...at, extensions: { code: 'INTERNAL' } });
}

/** By name, not by class: two copies of graphql may be loaded. */
function isGraphQLError(error: unknown): error is GraphQLError {
  return error instanceof Error && error.name === 'GraphQLError';
}

function rootCause(error: unknown): unknown {
  let cause = error;
  while (isGraphQLError(cause) && cause.originalError != null) cause = cause.originalError;
  return cause;
}

function codeOf({ message, path }: GraphQLError): string {
  if (message.startsWith('Syntax Error')) return 'GRAPHQL_PARSE_FAILED';
  return path !== undefined || message.startsWith('Variable "$') ? 'BAD_USER_INPUT' : 'GRAPHQL_VALIDATION_FAILED';
}

/** Names in the schema are not guessed from errors. */
function withoutSuggestions(message: string): string {
  return message.replace(/\s*Did you mean [^?]*\?/g, '');
}
