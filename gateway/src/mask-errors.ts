/**
 * Lets out of an error what a client may read: its message and its code from the catalogue, nothing else.
 *
 * An error of the catalogue that is exposed keeps its words; whatever else went wrong is logged with its cause and leaves
 * as INTERNAL. Extensions that subgraphs or libraries add are dropped.
 */
import { ERRORS, type ErrorCode, type Logger } from '@lyceum/service-kit';
import { GraphQLError } from 'graphql';
import { isRefusal, refusalFrom } from './errors.ts';
import { isStream, type MaybePromise, type Next, type Operation, type Outcome, type Result } from './pipeline.ts';

/** Codes that tell of a fault between the gateway and a subgraph: the client could do nothing with them. */
const INTERNAL_BETWEEN_SERVICES: ReadonlySet<string> = new Set([
  'CLAIMS_REQUIRED',
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
]);

/** The step of the pipeline that lets nothing but the catalogue out, whether thrown, returned or streamed. */
export function maskOutcome(log: Logger) {
  return (operation: Operation, next: Next): MaybePromise<Outcome> => {
    const { requestId } = operation.request;
    const mask = (outcome: Outcome): Outcome => {
      if (isStream(outcome)) return maskedStream(outcome, log.child({ requestId }));
      return outcome.errors?.length ? maskResult(outcome, log.child({ requestId })) : outcome;
    };
    const refuse = (thrown: unknown): Outcome => ({ errors: [refusalFrom(thrown, log.child({ requestId }))] });
    try {
      const outcome = next(operation);
      return outcome instanceof Promise ? outcome.then(mask).catch(refuse) : mask(outcome);
    } catch (thrown) {
      return refuse(thrown);
    }
  };
}

async function* maskedStream(stream: AsyncGenerator<Result>, log: Logger): AsyncGenerator<Result> {
  try {
    for await (const result of stream) yield maskResult(result, log);
  } catch (thrown) {
    throw refusalFrom(thrown, log);
  }
}

/** The result with every execution error reduced to message, path, code and details. */
export function maskResult(result: Result, log: Logger): Result {
  if (!result.errors?.length) return result;
  return { ...result, errors: result.errors.map((error) => maskExecutionError(error, log)) };
}

function maskExecutionError(error: GraphQLError, log: Logger): GraphQLError {
  if (isRefusal(error)) return error;
  const { path, extensions } = error;
  const code = String(extensions?.code ?? '');
  if (Object.hasOwn(ERRORS, code) && ERRORS[code as ErrorCode].exposed && !INTERNAL_BETWEEN_SERVICES.has(code)) {
    const details = extensions?.details === undefined ? {} : { details: extensions.details };
    return new GraphQLError(error.message, { path, extensions: { code, ...details } });
  }
  log.error(
    { path, code, reason: error.message, subgraph: extensions?.serviceName, err: error.originalError },
    'execution error masked',
  );
  return new GraphQLError(ERRORS.INTERNAL.message, { path, extensions: { code: 'INTERNAL' } });
}
