/**
 * Yoga over `@apollo/gateway`; the variant `undici` with another client for subgraphs.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { ApolloGateway } from '@apollo/gateway';
import { buildSchema, getOperationAST, type OperationDefinitionNode, print } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import { readSettings } from './settings.ts';
import { createUndiciSource } from './undici-source.ts';

const { port, supergraphFile, variant } = readSettings();
const supergraphSdl = readFileSync(supergraphFile, 'utf8');

/** As @envelop/apollo-federation does it, whose last release knows no @apollo/gateway of today. */
async function answerByGateway(): Promise<Plugin> {
  const gateway = new ApolloGateway({
    supergraphSdl,
    ...(variant === 'undici' && { buildService: ({ url }) => createUndiciSource(url ?? '') }),
  });
  const { executor } = await gateway.load();
  if (!executor) throw new Error('The gateway did not load.');
  // The gateway's schema is of the same module copy; Yoga wants it to be known before the first request.
  const schema = gateway.schema ?? buildSchema('type Query { unknown: Int }');
  const sources = new WeakMap<object, string>();
  return {
    onPluginInit: ({ setSchema }) => setSchema(schema),
    onExecute({ args, setExecuteFn }) {
      setExecuteFn(() => {
        const source = sources.get(args.document) ?? print(args.document);
        sources.set(args.document, source);
        return executor({
          document: args.document,
          request: {
            query: source,
            operationName: args.operationName ?? undefined,
            variables: args.variableValues ?? {},
          },
          operationName: args.operationName ?? null,
          operation: getOperationAST(args.document, args.operationName) as OperationDefinitionNode,
          cache: undefined,
          context: args.contextValue,
          queryHash: source,
          logger: console,
          metrics: { captureTraces: false },
          overallCachePolicy: undefined,
          source,
          schema,
          schemaHash: 'bench',
          // biome-ignore lint/suspicious/noExplicitAny: the gateway reads no more than this of a server's request context.
        } as any);
      });
    },
  };
}

const yoga = createYoga({
  plugins: [await answerByGateway()],
  graphiql: false,
  landingPage: false,
  logging: 'warn',
});
createServer(yoga).listen(port, '127.0.0.1');
