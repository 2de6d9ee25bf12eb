/**
 * graphql-ws on the HTTP server's own port. One socket carries the operations of many viewers: each operation brings
 * its own claims in `extensions.claims`; a client of one viewer may give them once, as connectionParams.claims.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { InternalClaims } from '@lyceum/contracts';
import {
  isLyceumError,
  type Logger,
  LyceumError,
  type Metrics,
  pathOf,
  refuseUpgrade,
  verifyClaims,
} from '@lyceum/service-kit';
import {
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  getOperationAST,
  type OperationDefinitionNode,
} from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import type { YogaServerInstance } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { logOf, type Subscribed } from './context.ts';
import { toGraphQLError } from './errors.ts';
import type { ServerContext } from './plugins/use-claims.ts';
import type { OperationTimer } from './plugins/use-operation-metrics.ts';
import { Resume } from './resume.ts';
import { subscribeWithFreshContext } from './subscribe.ts';

export interface WebSocketOptions {
  readonly server: Server;
  readonly path: string;
  readonly yoga: YogaServerInstance<ServerContext, object>;
  readonly claimsSecret: string;
  readonly maxMessageBytes: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly startTimer: OperationTimer;
  createContext(claims: InternalClaims, signal: AbortSignal, subscribed?: Subscribed): unknown | Promise<unknown>;
}

export interface WebSocketDoor {
  /** Takes no new socket and asks those that are open to come back elsewhere (1001). */
  drain(): void;
  /** Hangs up on whoever is left. */
  close(): void;
}

/** Kept with each socket: what to abort when it closes. */
type Extra = { operations: Set<AbortController> };
/** Made in `onSubscribe`, handed by graphql-ws to execute, subscribe and onNext as it is. */
interface OperationArgs extends ExecutionArgs {
  readonly claims: InternalClaims;
  readonly log: Logger;
  readonly controller: AbortController;
  readonly resume: Resume | undefined;
  end(): void;
}

const INIT_TIMEOUT_MS = 3_000;

export function serveWebSocket(options: WebSocketOptions): WebSocketDoor {
  const { server, path, yoga, log, metrics, startTimer } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: options.maxMessageBytes });
  const live = metrics.gauge({
    name: 'lyceum_graphql_live_subscriptions',
    help: 'Subscriptions that are open now.',
    labelNames: ['field'],
  });

  useServer<Record<string, unknown>, Extra>(
    {
      connectionInitWaitTimeout: INIT_TIMEOUT_MS,
      isProd: true,
      async onSubscribe(ctx, _id, payload) {
        ctx.extra.operations ??= new Set();
        try {
          return await prepare(options, payload, ctx.connectionParams?.claims, ctx.extra.operations);
        } catch (error) {
          return Array.isArray(error) ? error : [toGraphQLError(error, log)];
        }
      },
      execute: async (args) => {
        const { end } = args as OperationArgs;
        try {
          return (await yoga.getEnveloped({}).execute(args)) as ExecutionResult;
        } catch (error) {
          return { errors: [toGraphQLError(error, (args as OperationArgs).log)] };
        } finally {
          end();
        }
      },
      subscribe: async (args) => {
        const { claims, controller, end, log: bound, resume } = args as OperationArgs;
        const field = rootField(getOperationAST(args.document, args.operationName));
        live.inc({ field });
        return await subscribeWithFreshContext({
          args,
          resume,
          contextOf: (event) => options.createContext(claims, controller.signal, { event }),
          toError: (error) => toGraphQLError(error, bound),
          onEvent: () => startTimer('subscription'),
          onEnd: () => {
            live.dec({ field });
            end();
          },
        });
      },
      onNext: (_ctx, _id, _payload, args, result) =>
        result.errors === undefined
          ? undefined
          : { ...result, errors: result.errors.map((error) => format(error, (args as OperationArgs).log)) },
      onError: (_ctx, _id, _payload, errors) => errors.map((error) => format(error, log)),
      onClose: (ctx) => {
        for (const controller of ctx.extra.operations ?? []) controller.abort();
      },
    },
    sockets,
  );

  let draining = false;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (draining) return refuseUpgrade(socket, '503 Service Unavailable');
    if (pathOf(request) !== path) return refuseUpgrade(socket, '404 Not Found');
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
  });

  return {
    drain() {
      draining = true;
      for (const client of sockets.clients) client.close(1001, 'Going away');
    },
    close() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };
}

/** Throws what is wrong: one error, or the list of validation errors. */
async function prepare(
  { yoga, claimsSecret, log, createContext }: WebSocketOptions,
  payload: SubscribePayload,
  connectionClaims: unknown,
  operations: Set<AbortController>,
): Promise<OperationArgs> {
  const token = payload.extensions?.claims ?? connectionClaims;
  const claims = await verifyClaims(typeof token === 'string' ? token : null, claimsSecret, 'subgraph');
  const bound = logOf(claims, log);
  const { parse, validate, schema } = yoga.getEnveloped({});
  const document = parse(payload.query);
  const invalid = validate(schema, document) as readonly GraphQLError[];
  if (invalid.length > 0) throw invalid.map((error) => toGraphQLError(error, bound));
  if (getOperationAST(document, payload.operationName) == null) {
    throw new GraphQLError('Unknown operation.', { extensions: { code: 'BAD_REQUEST' } });
  }
  const resume = resumeOf(payload, claims, claimsSecret);
  const controller = new AbortController();
  operations.add(controller);
  const end = () => {
    operations.delete(controller);
    controller.abort();
  };
  try {
    return {
      schema,
      document,
      operationName: payload.operationName,
      variableValues: payload.variables,
      contextValue: await createContext(claims, controller.signal, { resume }),
      claims,
      log: bound,
      controller,
      resume,
      end,
    };
  } catch (error) {
    end();
    throw isLyceumError(error) ? error : toGraphQLError(error, bound);
  }
}

/** `extensions.cursor` says that the subscriber understands cursors: null asks for one, a text is where to go on. */
function resumeOf({ extensions }: SubscribePayload, { viewer }: InternalClaims, secret: string): Resume | undefined {
  const cursor = extensions?.cursor;
  if (cursor === undefined) return undefined;
  if (cursor !== null && typeof cursor !== 'string') {
    throw new LyceumError('BAD_USER_INPUT', '`extensions.cursor` must be a string or null.');
  }
  return new Resume({ cursor, subject: viewer?.id ?? 'anonymous', secret });
}

/** Status codes and headers mean nothing here. */
function format(error: GraphQLError, log: Logger): GraphQLFormattedError {
  const { extensions, ...shown } = toGraphQLError(error, log).toJSON();
  const { http: _http, ...kept } = extensions ?? {};
  return { ...shown, extensions: kept };
}

function rootField(operation: OperationDefinitionNode | null | undefined): string {
  const selection = operation?.selectionSet.selections[0];
  return selection?.kind === 'Field' ? selection.name.value : 'fragment';
}
