/**
 * Runs third-party Envelop plugins on operations that are admitted, at every door alike.
 *
 * Their hooks come around an operation that is parsed, limited, validated and planned already: they may watch it, add rules
 * of validation, extend one another's context, answer in its place, or change its answer. A document, a schema or a
 * function of the engine that they set is not used. Errors they add are masked like all others.
 */
import { envelop, type Plugin, useEngine } from '@envelop/core';
import { type DocumentNode, type ExecutionResult, validate } from 'graphql';
import { refusal } from '../errors.ts';
import { JsonText } from '../federation/project/json-text.ts';
import { given, isStream, type Next, type Operation, type Outcome, type Result, type Step } from '../pipeline.ts';
import { isLive } from '../subscriptions/live-operation.ts';
import { readLive } from '../subscriptions/read-live.ts';

/** As of `@envelop/core`. Hooks of Yoga's HTTP server are none of it. */
export type GatewayPlugin = Plugin;

/** What plugins find in their context. */
interface PluginContext {
  readonly requestId: string;
  readonly params: Operation['request']['params'];
  readonly viewer: unknown;
  readonly document: DocumentNode;
  /** Runs the rest of the pipeline. */
  readonly proceed: () => Promise<Result | AsyncGenerator<Result>>;
}

/** There is no step without plugins. */
export function runPlugins(plugins: readonly GatewayPlugin[]): Step[] {
  if (plugins.length === 0) return [];
  const getEnveloped = envelop({ plugins: [PIPELINE_AS_ENGINE, useKnownDocument(), ...plugins] });

  async function around(operation: Operation, next: Next): Promise<Outcome> {
    const { document, operation: node } = given(operation.parsed, 'the document');
    const { schema } = given(operation.planned, 'the plan').supergraph;
    const { requestId, params } = operation.request;
    const context: PluginContext = {
      requestId,
      params,
      viewer: given(operation.identity, 'the identity').viewer,
      document,
      proceed: async () => readable(await next(operation), operation.signal),
    };
    const enveloped = getEnveloped({ ...context, schema });
    enveloped.parse(given(operation.source, 'the text'));
    const errors: readonly Error[] = enveloped.validate(schema, document);
    if (errors.length > 0) {
      return { errors: errors.map(({ message }) => refusal('GRAPHQL_VALIDATION_FAILED', message)) };
    }
    const contextValue = await enveloped.contextFactory();
    const args = {
      schema,
      document,
      contextValue,
      variableValues: operation.variables,
      operationName: node.name?.value,
    };
    return node.operation === 'subscription' ? await enveloped.subscribe(args) : await enveloped.execute(args);
  }

  return [
    {
      name: 'plugins',
      reason:
        'Whoever installs them says so in `installed-plugins.ts`; they see what is admitted, and nothing is admitted by them.',
      around,
    },
  ];
}

const proceed = ({ contextValue }: { contextValue?: unknown }) => (contextValue as PluginContext).proceed();

const PIPELINE_AS_ENGINE = useEngine({
  // The rules of the specification were checked when the operation was planned.
  validate: (schema, document, rules = []) => validate(schema, document, rules),
  execute: proceed,
  subscribe: proceed,
});

function useKnownDocument(): Plugin<PluginContext & { schema: object }> {
  return {
    onEnveloped: ({ context, setSchema }) => context && setSchema(context.schema),
    onParse: ({ context, setParsedDocument }) => setParsedDocument(context.document),
  };
}

/** Data as an object, which is what plugins expect. */
function readable(outcome: Outcome, signal: AbortSignal): Result | AsyncGenerator<Result> {
  if (isLive(outcome)) return readLive(outcome, signal);
  if (isStream(outcome)) return readableStream(outcome, signal);
  return outcome.data instanceof JsonText
    ? { ...outcome, data: outcome.data.toJSON() as ExecutionResult['data'] }
    : outcome;
}

async function* readableStream(stream: AsyncGenerator<Result>, signal: AbortSignal): AsyncGenerator<Result> {
  for await (const result of stream) yield readable(result, signal) as Result;
}
