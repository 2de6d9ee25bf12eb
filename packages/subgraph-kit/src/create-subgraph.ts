/**
 * Builds a subgraph's server: GraphQL over HTTP and WebSocket for the gateway alone, health and metrics for operators.
 *
 * It never listens by itself, so a test can build the same thing in process.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { InternalClaims, Positions } from '@lyceum/contracts';
import {
  createHealth,
  type HealthCheck,
  isAddressed,
  type Lifecycle,
  type Logger,
  LyceumError,
  listenOn,
  type Metrics,
  pathOf,
} from '@lyceum/service-kit';
import { parse } from 'graphql';
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import { boundLists } from './bound-lists.ts';
import { type BaseContext, type ContextSource, createContextSource, isEnvelope, type Subscribed } from './context.ts';
import { measureLoaders } from './loader.ts';
import { mergeResolvers } from './merge-resolvers.ts';
import { type ServerContext, useClaims } from './plugins/use-claims.ts';
import { useErrors } from './plugins/use-errors.ts';
import { createOperationTimer, useOperationMetrics } from './plugins/use-operation-metrics.ts';
import { usePositions } from './plugins/use-positions.ts';
import { useSocketSubscriptions } from './plugins/use-socket-subscriptions.ts';
import type { RequestPositions } from './request-positions.ts';
import { serveWebSocket } from './websocket.ts';

export type RouteHandler = (req: IncomingMessage, res: ServerResponse) => unknown;

export interface SubgraphOptions<C extends BaseContext> {
  readonly name: string;
  /** The text of `schema.graphql`. */
  readonly typeDefs: string;
  /** One map, or one for each feature: they are merged by type. */
  readonly resolvers: object | readonly object[];
  readonly claimsSecret: string;
  /** Called for each request and for each event of a subscription. Put fresh loaders and a fresh session in it. */
  createContext(source: ContextSource): C | Promise<C>;
  /**
   * Called before a viewer hears of an event, so that whatever the viewer asks next is answered no older than it. The
   * request that caused the event may not have kept its positions yet. Must not throw.
   */
  readonly foretell?: (viewerId: string, positions: Positions) => Promise<void>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly life: Lifecycle;
  /** For readiness. */
  readonly health?: Readonly<Record<string, HealthCheck>>;
  /** Exact paths answered without claims, such as `/.well-known/jwks.json`. */
  readonly routes?: Readonly<Record<string, RouteHandler>>;
}

export interface Subgraph {
  readonly server: Server;
  readonly yoga: YogaServerInstance<ServerContext, object>;
  listen(port: number, host: string): Promise<{ port: number; url: string }>;
}

const GRAPHQL_PATH = '/graphql';
const MAX_BODY_BYTES = 2 * 1024 * 1024;
/** Longer than the gateway keeps a connection, so that it never writes into one we are closing. */
const KEEP_ALIVE_MS = 65_000;
const HANG_UP_MS = 1_000;
const SWEEP_MS = 50;

export function createSubgraph<C extends BaseContext>(options: SubgraphOptions<C>): Subgraph {
  const { claimsSecret, log, metrics, life } = options;
  const startTimer = createOperationTimer(metrics);
  measureLoaders(metrics);

  const createContext = (
    claims: InternalClaims | undefined,
    signal: AbortSignal,
    positions?: RequestPositions,
    subscribed?: Subscribed,
  ) => {
    if (claims === undefined) throw new LyceumError('CLAIMS_REQUIRED');
    return options.createContext(createContextSource(claims, { signal, log, positions, ...subscribed }));
  };

  const createSubscribedContext = async (claims: InternalClaims, signal: AbortSignal, subscribed?: Subscribed) => {
    const event = subscribed?.event;
    if (claims.viewer && isEnvelope(event) && Object.keys(event.positions).length > 0) {
      await options.foretell?.(claims.viewer.id, event.positions);
    }
    return createContext(claims, signal, undefined, subscribed);
  };

  const yoga = createYoga<ServerContext, object>({
    id: options.name,
    graphqlEndpoint: GRAPHQL_PATH,
    schema: boundLists(
      buildSubgraphSchema({ typeDefs: parse(options.typeDefs), resolvers: mergeResolvers(options.resolvers) }),
    ),
    context: ({ claims, request, positions }) => createContext(claims, request.signal, positions),
    plugins: [
      useClaims({ secret: claimsSecret, log }),
      useSocketSubscriptions(),
      usePositions(),
      useOperationMetrics(startTimer),
      useErrors({ log }),
    ],
    maxRequestBodySize: MAX_BODY_BYTES,
    // Errors are masked once, by useErrors: Yoga's own masking knows no request to bind the log to.
    maskedErrors: false,
    logging: {
      debug: () => {},
      info: () => {},
      warn: (...args) => log.warn({ args }, 'yoga'),
      error: (...args) => log.error({ args }, 'yoga'),
    },
    graphiql: false,
    landingPage: false,
    batching: false,
    multipart: false,
    cors: false,
  });

  const health = createHealth({ checks: options.health ?? {}, life, metrics });
  const inFlight = new Set<ServerResponse>();
  const server = createServer((req, res) => {
    const { socket } = req;
    inFlight.add(res);
    res.once('close', () => inFlight.delete(res));
    res.once('finish', () => hangUpOnUnread(req, socket));
    if (life.draining) res.shouldKeepAlive = false;
    if (!isAddressed(req)) return void res.writeHead(400).end();
    if (health(req, res)) return;
    const path = pathOf(req);
    const handler: RouteHandler | undefined = path === GRAPHQL_PATH ? yoga : ownRoute(options.routes, path);
    if (handler === undefined) return void res.writeHead(404).end();
    const answer = async () => handler(req, res);
    answer().catch((err: unknown) => {
      log.error({ err, path }, 'request failed');
      if (!res.headersSent) res.writeHead(500);
      res.end();
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;

  const door = serveWebSocket({
    server,
    path: GRAPHQL_PATH,
    yoga,
    claimsSecret,
    maxMessageBytes: MAX_BODY_BYTES,
    log,
    metrics,
    startTimer,
    createContext: createSubscribedContext,
  });

  life.onDrain(async () => {
    door.drain();
    for (const response of inFlight) response.shouldKeepAlive = false;
    await closeListener(server);
  });
  life.own(`http:${options.name}`, server, async () => {
    door.close();
    server.closeAllConnections();
    await yoga.dispose();
  });

  return { server, yoga, listen: (port, host) => listenOn(server, port, host) };
}

/** Resolves when the last connection is gone. One that turns idle meanwhile is closed: a client may keep it for long. */
async function closeListener(server: Server): Promise<void> {
  if (!server.listening) return;
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(sweep);
}

/** A body that was refused half read would hold its connection open: the client gets a moment to read why. */
function hangUpOnUnread(req: IncomingMessage, socket: Socket): void {
  if (req.complete) return;
  req.resume();
  setTimeout(() => {
    if (!req.complete) socket.destroy();
  }, HANG_UP_MS).unref();
}

function ownRoute(routes: SubgraphOptions<BaseContext>['routes'], path: string): RouteHandler | undefined {
  return routes !== undefined && Object.hasOwn(routes, path) ? routes[path] : undefined;
}
