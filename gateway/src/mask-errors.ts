/**
 * Lets out of an error what a client may read: its message and its code from the catalogue, nothing else.
 *
 * An error of the catalogue that is exposed keeps its words; whatever else went wrong is logged with its cause and leaves
 * as INTERNAL. Extensions that subgraphs or libraries add are dropped. The policy may let further codes of a subgraph pass,
 * hold back a subgraph's words, and tell developers which subgraph an error comes from.
 */
import { ERRORS, type ErrorCode, type Live, type Logger } from '@lyceum/service-kit';
import { GraphQLError } from 'graphql';
import type { GatewayPolicy } from './config.ts';
import { isRefusal, refusalFrom } from './errors.ts';
import { isStream, type MaybePromise, type Next, type Operation, type Outcome, type Result } from './pipeline.ts';
import { isLive } from './subscriptions/live-operation.ts';

/** Codes that tell of a fault between the gateway and a subgraph: the client could do nothing with them. */
const INTERNAL_BETWEEN_SERVICES: ReadonlySet<string> = new Set([
  'CLAIMS_REQUIRED',
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
]);

export type MaskingPolicy = Live<{
  readonly subgraphs: Pick<GatewayPolicy['subgraphs'], 'errors'>;
  readonly developers: Pick<GatewayPolicy['developers'], 'services'>;
}>;

/** The step of the pipeline that lets nothing but the catalogue out, whether thrown, returned or streamed. */
export function maskOutcome(log: Logger, policy: MaskingPolicy) {
  return (operation: Operation, next: Next): MaybePromise<Outcome> => {
    const { requestId } = operation.request;
    const mask = (outcome: Outcome): Outcome => {
      // The engine masks what it sends.
      if (isLive(outcome)) return outcome;
      if (isStream(outcome)) return maskedStream(outcome, log.child({ requestId }), policy);
      return outcome.errors?.length ? maskResult(outcome, log.child({ requestId }), policy) : outcome;
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

async function* maskedStream(
  stream: AsyncGenerator<Result>,
  log: Logger,
  policy: MaskingPolicy,
): AsyncGenerator<Result> {
  try {
    for await (const result of stream) yield maskResult(result, log, policy);
  } catch (thrown) {
    throw refusalFrom(thrown, log);
  }
}

/** The result with every execution error reduced to message, path, code and details. */
export function maskResult(result: Result, log: Logger, policy: MaskingPolicy): Result {
  const masked = maskErrors(result, log, policy);
  const { incremental } = result;
  return incremental ? { ...masked, incremental: incremental.map((part) => maskErrors(part, log, policy)) } : masked;
}

function maskErrors<T extends Pick<Result, 'errors'>>(result: T, log: Logger, policy: MaskingPolicy): T {
  if (!result.errors?.length) return result;
  return { ...result, errors: result.errors.map((error) => maskExecutionError(error, log, policy)) };
}

function maskExecutionError(error: GraphQLError, log: Logger, { current: policy }: MaskingPolicy): GraphQLError {
  if (isRefusal(error)) return error;
  const { path, extensions } = error;
  const code = String(extensions?.code ?? '');
  const subgraph = typeof extensions?.serviceName === 'string' ? extensions.serviceName : undefined;
  const rule = ownValue(policy.subgraphs.errors, subgraph);
  const origin = policy.developers.services && subgraph ? { service: subgraph } : {};
  const known = ownValue(ERRORS, code as ErrorCode);
  const passes = (known?.exposed && !INTERNAL_BETWEEN_SERVICES.has(code)) || rule?.codes.includes(code);
  if (passes) {
    const words = rule?.messages === false ? (known ?? ERRORS.INTERNAL).message : error.message;
    const details =
      rule?.messages === false || extensions?.details === undefined ? {} : { details: extensions.details };
    return new GraphQLError(words, { path, extensions: { code, ...details, ...origin } });
  }
  log.error({ path, code, reason: error.message, subgraph, err: error.originalError }, 'execution error masked');
  return new GraphQLError(ERRORS.INTERNAL.message, { path, extensions: { code: 'INTERNAL', ...origin } });
}

function ownValue<K extends string, V>(values: Readonly<Record<K, V>>, key: K | undefined): V | undefined {
  return key !== undefined && Object.hasOwn(values, key) ? values[key] : undefined;
}
